"""Reading a JSON value by the shape that it must have; what has another is refused with its place.

An absent text is empty, an absent flag false, an absent list or object empty.
"""

from collections.abc import Mapping, Sequence

from domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue
from domain.errors import ErrorCode, UsageError


class Shape:
    """An object at a place. ``UsageError`` (INVALID_ARGUMENT) for members of another type."""

    def __init__(self, value: JsonValue, where: str) -> None:
        if not isinstance(value, Mapping):
            raise _wrong(where, "is not an object")
        self.value: JsonObject = value
        self._where = where

    def has(self, key: str) -> bool:
        """Whether the member is there and not null."""
        return self.value.get(key) is not None

    def text(self, key: str) -> str:
        """A text."""
        value = self.value.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, "is no text")
        return value or ""

    def integer(self, key: str) -> int:
        """A whole number within ±(2**53 - 1), which must be there."""
        value = self.value.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_SAFE_INTEGER:
            raise self.wrong(key, "is no whole number")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.value.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "is neither true nor false")
        return bool(value)

    def object(self, key: str) -> "Shape":
        """An object."""
        value = self.value.get(key)
        return Shape({} if value is None else value, f"{self._where}.{key}")

    def items(self, key: str) -> Sequence[JsonValue]:
        """A list of whatever."""
        value = self.value.get(key)
        if value is None:
            return ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise self.wrong(key, "is no list")
        return value

    def objects(self, key: str) -> "list[Shape]":
        """A list of objects."""
        where = f"{self._where}.{key}"
        return [Shape(item, f"{where}[{n}]") for n, item in enumerate(self.items(key))]

    def wrong(self, key: str, why: str) -> UsageError:
        """The error for a member that cannot be used."""
        return _wrong(f"{self._where}.{key}", why)


def _wrong(where: str, why: str) -> UsageError:
    return UsageError(f"{where[:200]} {why}.", code=ErrorCode.INVALID_ARGUMENT)
