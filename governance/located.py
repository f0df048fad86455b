"""A document as a tree that knows where each part stands, whatever syntax it was written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text (both counted from 1; 0 when there is no text) and in the tree."""

    line: int = 0
    column: int = 0
    path: str = ""

    def below(self, step: str) -> str:
        """The path of a part of this one."""
        return f"{self.path}.{step}" if self.path else step


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as its exact text, and what an untagged YAML reader takes it for."""

    text: str
    kind: str
    """``text``, ``number``, ``boolean``, ``date`` or ``nothing``."""
    place: Place


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    values: "tuple[Located, ...]"
    place: Place


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping in the order in which it was written; ``keys`` says where each key stands."""

    values: "Mapping[str, Located]"
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict[str, Place])


Located: TypeAlias = Scalar | Items | Fields


def located_json(value: JsonValue, path: str = "") -> Located:
    """A JSON value as a tree without positions in a text."""
    place = Place(path=path)
    if isinstance(value, Mapping):
        return _located_object(value, place)
    if isinstance(value, str):
        return Scalar(value, "text", place)
    if value is None:
        return Scalar("", "nothing", place)
    if isinstance(value, bool):
        return Scalar(str(value).lower(), "boolean", place)
    if isinstance(value, int | float):
        return Scalar(repr(value), "number", place)
    items = (located_json(item, f"{path}[{index}]") for index, item in enumerate(value))
    return Items(tuple(items), place)


def _located_object(value: JsonObject, place: Place) -> Fields:
    return Fields({key: located_json(item, place.below(key)) for key, item in value.items()}, place)


def policy_error(place: Place, why: str, hint: str = "") -> UsageError:
    """POLICY_INVALID at ``place``; ``why`` is a clause without its full stop."""
    where = f"line {place.line}, column {place.column}" if place.line else place.path
    message = f"{where}: {why}." if where else f"{why}."
    return UsageError(
        f"The policy file is not valid: {message}",
        code=ErrorCode.POLICY_INVALID,
        hint=hint,
        context={"line": place.line, "column": place.column, "path": place.path},
    )
