"""Read use cases without a wire format: ports and ids in, frozen dataclasses out, batch first."""
