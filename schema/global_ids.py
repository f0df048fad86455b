"""Relay global ids: base64 of ``Type:id``. A bare id of the expected type is understood as well."""

import base64
import binascii

from domain.errors import UsageError

MAX_LENGTH = 1_024


def global_id(type_name: str, local_id: str) -> str:
    """The opaque id under which GraphQL clients know ``local_id``."""
    return base64.b64encode(f"{type_name}:{local_id}".encode()).decode("ascii")


def split_global_id(text: str) -> tuple[str, str]:
    """(type name, local id); ``UsageError`` (INVALID_ARGUMENT) when ``text`` is not a global id."""
    found = _decoded(text)
    if found is None:
        raise UsageError(
            f"{text[:60]!r} is not a global id.",
            hint="Send the value of an id field as you received it.",
        )
    return found


def local_id(text: str, type_name: str) -> str:
    """The local id behind ``text``, which may be a global id of ``type_name`` or already local.

    Raises ``UsageError`` (INVALID_ARGUMENT) for the global id of another type and over-long text.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"An id has at most {MAX_LENGTH} characters.")
    found = _decoded(text)
    if found is None:
        return text
    if found[0] != type_name:
        raise UsageError(
            f"This id names a {found[0]}, a {type_name} was expected.",
            hint=f"Send the id of a {type_name}.",
        )
    return found[1]


def _decoded(text: str) -> tuple[str, str] | None:
    if len(text) > MAX_LENGTH:
        return None
    try:
        decoded = base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError, ValueError):
        return None
    type_name, colon, rest = decoded.partition(":")
    if not (colon and rest and type_name.isascii() and type_name.isalpha()):
        return None
    return type_name, rest
