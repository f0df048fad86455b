"""The schema as text: ``schema.graphql`` is its checked-in copy, under review like any contract.

``python -m schema.sdl`` writes it again.
"""

from pathlib import Path

from schema.build import SCHEMA

SDL_FILE = Path(__file__).parent / "schema.graphql"


def sdl() -> str:
    """The schema definition language of the whole schema, types by name."""
    return SCHEMA.as_str() + "\n"


if __name__ == "__main__":
    SDL_FILE.write_text(sdl(), encoding="utf-8")
