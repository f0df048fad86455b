"""RFC 8785 (JSON Canonicalization Scheme) bytes and SHA-256 digests of JSON values.

Floats are refused: a number that matters is a decimal string (``domain.metric.decimal_text``), so
that the bytes do not depend on how anyone prints a double. Integers stay within ±(2**53 - 1), the
range in which RFC 8785 and I-JSON agree on them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from domain.errors import ErrorCode, UsageError

JsonValue: TypeAlias = (
    "Mapping[str, JsonValue] | Sequence[JsonValue] | str | int | float | bool | None"
)
JsonObject: TypeAlias = Mapping[str, JsonValue]

MAX_SAFE_INTEGER = 2**53 - 1
"""Largest integer that every I-JSON reader keeps exactly (RFC 7493, section 2.2)."""


def canonical_bytes(value: JsonValue) -> bytes:
    """The RFC 8785 serialization of ``value`` as UTF-8.

    Raises ``UsageError`` (ENTRY_INVALID) for floats, for integers outside ±(2**53 - 1), for keys
    that are not strings and for text with lone surrogates.
    """
    try:
        text = json.dumps(
            _ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _invalid("text holds a lone surrogate, which UTF-8 cannot carry") from error


def canonical_digest(value: JsonValue) -> str:
    """``sha256:<hex>`` of the canonical bytes."""
    return sha256_text(canonical_bytes(value))


def sha256_text(data: bytes) -> str:
    """``sha256:<hex>`` of ``data``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _ordered(value: JsonValue) -> JsonValue:
    """A copy whose keys stand in UTF-16 order (RFC 8785, section 3.2.3)."""
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise _invalid(f"integer {value} is outside ±(2**53 - 1); send it as a string")
        return value
    if isinstance(value, float):
        raise _invalid("floats are not canonical; send decimal text")
    if isinstance(value, Mapping):
        keys = cast("list[object]", list(value))
        for key in keys:
            if not isinstance(key, str):
                raise _invalid("object keys must be strings")
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    return [_ordered(item) for item in value]


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _invalid(why: str) -> UsageError:
    return UsageError(f"Not canonical JSON: {why}.", code=ErrorCode.ENTRY_INVALID)
