"""The append-only, signed Merkle ledger: the one truth that everything else is projected from."""
