"""The headers of a request, as ASGI hands them on: names in lower case, in the order sent."""

from collections.abc import Iterable

from starlette.types import Scope


def headers(scope: Scope, name: bytes) -> list[str]:
    """The values of every header of that name."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def header(scope: Scope, name: bytes, default: str = "") -> str:
    """The value of the first header of that name; ``default`` when there is none."""
    sent: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for key, value in sent:
        if key == name:
            return value.decode("latin-1")
    return default
