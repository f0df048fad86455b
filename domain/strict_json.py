"""Reading JSON that strangers wrote: everything that two parsers could read differently is refused.

RFC 7493 (I-JSON) plus a depth limit: no duplicate keys, no NaN or Infinity literals, no trailing
data, no byte order mark, UTF-8 only, no lone surrogates.
"""

import json
from typing import NoReturn, cast

from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, UsageError

MAX_DEPTH = 64


def parse_json(data: bytes) -> JsonValue:
    """The value in ``data``; ``UsageError`` (MALFORMED) when it is not strict JSON."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise _malformed("it starts with a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("it is not UTF-8") from error
    _check_depth(text)
    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_no_constant
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise _malformed("it holds a lone surrogate") from error
    except (ValueError, RecursionError) as error:
        raise _malformed(str(error)) from error
    return value


def parse_json_object(data: bytes) -> JsonObject:
    """Like ``parse_json``, for bodies that must be a JSON object."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise _malformed("a JSON object was expected")
    return cast("JsonObject", value)


def _check_depth(text: str) -> None:
    depth = 0
    in_string = False
    escaped = False
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _malformed(f"it is nested deeper than {MAX_DEPTH} levels")
        elif character in "]}":
            depth -= 1


def _unique_keys(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key!r} stands twice in one object")
            seen.add(key)
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _malformed(why: str) -> UsageError:
    return UsageError(
        f"The body is not valid JSON: {why}.",
        code=ErrorCode.MALFORMED,
        hint="Send one UTF-8 JSON value as RFC 8259 describes it.",
    )
