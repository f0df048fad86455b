"""Typed members of a request's JSON; whatever is wrong is INVALID_ARGUMENT and names the member."""

from collections.abc import Iterable, Mapping, Sequence

from domain.canonical import JsonObject, JsonValue
from domain.errors import UsageError
from domain.names import checked_name
from governance.field_reader import near


def object_of(value: JsonValue, what: str, known: Iterable[str]) -> JsonObject:
    """A JSON object whose members are all ``known``."""
    if not isinstance(value, Mapping):
        raise refused(f"{what} must be a JSON object")
    names = set(known)
    for name in value:
        if name not in names:
            raise refused(f"{what} has an unknown member {name[:60]!r}", near(name, names))
    return value


def text_member(fields: JsonObject, name: str, *, limit: int) -> str | None:
    """The text under ``name``; None when it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    return _text(value, name, limit)


def required_text(fields: JsonObject, name: str, *, limit: int) -> str:
    """The text under ``name``, which must be there."""
    value = text_member(fields, name, limit=limit)
    if value is None:
        raise refused(f"{name!r} is missing", f"Add {name!r} to the request.")
    return value


def text_list(fields: JsonObject, name: str, *, most: int, limit: int) -> tuple[str, ...]:
    """The distinct texts under ``name``, ordered; empty when it is absent."""
    value = fields.get(name)
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise refused(f"{name!r} must be a list of texts")
    if len(value) > most:
        raise refused(f"{name!r} lists {len(value)} items, the limit is {most}")
    return tuple(sorted({_text(item, name, limit) for item in value}))


def flag_member(fields: JsonObject, name: str) -> bool:
    """The boolean under ``name``; False when it is absent."""
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        raise refused(f"{name!r} must be true or false")
    return bool(value)


def refused(why: str, hint: str = "") -> UsageError:
    """INVALID_ARGUMENT; ``why`` is a clause without its full stop."""
    return UsageError(f"The request is not valid: {why}.", hint=hint)


def _text(value: JsonValue, name: str, limit: int) -> str:
    if not isinstance(value, str):
        raise refused(f"{name!r} must be text")
    return checked_name(value, what=name, limit=limit)
