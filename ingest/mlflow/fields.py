"""Reading the fields of an MLflow request as its protocol buffers would, with its error messages.

An absent field and a null are the same. An int64 may come as a number or as text (proto3 JSON).
Unlike MLflow, a field of the wrong type is always refused, never dropped.
"""

import json
from collections.abc import Sequence
from typing import cast

from domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue
from domain.errors import ErrorCode, UsageError

_DOCS = "See the API docs for more information about request parameters."


class Fields:
    """One JSON object of a request. ``where`` is its place in the request, for messages."""

    def __init__(self, body: JsonObject, where: str = "") -> None:
        self._body = body
        self._where = where

    def path(self, name: str) -> str:
        """How messages call the field ``name``."""
        return f"{self._where}.{name}" if self._where else name

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._body.get(name) is not None

    def raw(self, name: str) -> JsonValue:
        """The value as it came; None when absent."""
        return self._body.get(name)

    def text(self, name: str) -> str:
        """A text; empty when absent."""
        value = self._body.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(name)
        return value

    def required(self, name: str) -> str:
        """A text that must not be empty."""
        value = self.text(name)
        if not value:
            raise missing(self.path(name))
        return value

    def run_id(self) -> str:
        """The run that the request is about, under its present or its former field name."""
        return self.text("run_id") or self.text("run_uuid") or self.required("run_id")

    def integer(self, name: str) -> int | None:
        """A whole number within ±(2**53 - 1); None when absent."""
        value = self._body.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) <= 20:
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_SAFE_INTEGER:
            raise self.wrong(name)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as one (query strings cannot tell)."""
        value = self._body.get(name)
        if isinstance(value, str):
            return (value,)
        items = self.items(name)
        if not all(isinstance(item, str) for item in items):
            raise self.wrong(name)
        return tuple(cast("Sequence[str]", items))

    def objects(self, name: str) -> "list[Fields]":
        """A list of objects; empty when absent."""
        return [self.item(name, index) for index in range(len(self.items(name)))]

    def item(self, name: str, index: int) -> "Fields":
        """One object of a list of at least ``index`` + 1."""
        item = self.items(name)[index]
        if not isinstance(item, dict):
            raise self.wrong(name)
        return Fields(item, f"{self.path(name)}[{index}]")

    def items(self, name: str) -> Sequence[JsonValue]:
        """A list of whatever; empty when absent."""
        value = self._body.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.wrong(name)
        return value

    def object(self, name: str) -> "Fields":
        """An object; empty when absent."""
        value = self._body.get(name)
        if value is None:
            return Fields({}, self.path(name))
        if not isinstance(value, dict):
            raise self.wrong(name)
        return Fields(value, self.path(name))

    def wrong(self, name: str, why: str = "") -> UsageError:
        """The error for a field whose value cannot be used."""
        value = self._body.get(name)
        reason = why or f" Hint: Value was of type '{type(value).__name__}'."
        return invalid(self.path(name), value, reason)


def missing(path: str) -> UsageError:
    """MLflow's error for a required field that is absent or empty."""
    return UsageError(
        f"Missing value for required parameter '{path}'.",
        code=ErrorCode.INVALID_ARGUMENT,
        hint=_DOCS,
    )


def invalid(path: str, value: object, why: str) -> UsageError:
    """MLflow's error for a value that it refuses; a long value is shown in part."""
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return UsageError(
        f"Invalid value {shown[:200]} for parameter '{path}' supplied: {why}",
        code=ErrorCode.INVALID_ARGUMENT,
        hint=_DOCS,
    )


def too_long(what: str, limit: int) -> UsageError:
    """MLflow's error for text beyond its limit. Nothing is ever cut short instead."""
    return UsageError(
        f"'{what}' exceeds the maximum length of {limit} characters.",
        code=ErrorCode.INVALID_ARGUMENT,
        hint="Shorten it; Lineproof records what it is given or nothing.",
    )
