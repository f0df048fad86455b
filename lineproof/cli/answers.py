"""Parts of a server's answer, believed only when they have the promised form."""

from datetime import UTC, datetime

from domain.canonical import JsonObject
from domain.errors import BackendError


def list_of(answer: JsonObject, name: str) -> list[JsonObject]:
    """The list of objects under ``name``; ``BackendError`` when it is none."""
    value = answer.get(name)
    items = value if isinstance(value, list) else [None]
    objects: list[JsonObject] = [item for item in items if isinstance(item, dict)]
    if len(objects) != len(items):
        raise BackendError(
            f"The answer has no list of {name}.", hint="Is the server another version?"
        )
    return objects


def texts_of(answer: JsonObject, name: str) -> list[str]:
    """The texts under ``name``; nothing where there is no list."""
    value = answer.get(name)
    return [str(item) for item in value] if isinstance(value, list) else []


def text_of(answer: JsonObject, name: str) -> str:
    """The text under ``name``; ``BackendError`` when it is none."""
    value = answer.get(name)
    if not isinstance(value, str):
        raise BackendError(f"The answer has no {name}.", hint="Is the server another version?")
    return value


def time_text(milliseconds: object) -> str:
    """A time of the ledger, UTC, for people."""
    if not isinstance(milliseconds, int):
        return "?"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
