"""``python -m schema`` writes ``schema.graphql``, the text of the schema that is under review."""

from pathlib import Path

from schema.build import SCHEMA

SDL_FILE = Path(__file__).parent / "schema.graphql"


def main() -> None:
    """Write the checked-in copy again."""
    SDL_FILE.write_text(SCHEMA.sdl(), encoding="utf-8")


if __name__ == "__main__":
    main()
