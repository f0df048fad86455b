"""Reading JSON that strangers wrote: everything that two parsers could read differently is refused.

RFC 7493 (I-JSON) plus a depth limit: no duplicate keys, no NaN or Infinity literals, no trailing
data, no byte order mark, UTF-8 only, no lone surrogates.
"""

import json
import re
from typing import NoReturn, cast

from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, UsageError

MAX_DEPTH = 64

_KEY_END = re.compile(r'"[ \t\n\r]*:')


def parse_json(data: bytes) -> JsonValue:
    """The value in ``data``; ``UsageError`` (MALFORMED) when it is not strict JSON."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise _malformed("it starts with a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed("it is not UTF-8") from error
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_constant)
        # A key is followed by a colon: as many in the text as in the value means none was lost.
        # In other cases, which are rare but legal, the parser looks at each object's pairs.
        if _keys_in(value) != len(_KEY_END.findall(text)):
            json.loads(text, object_pairs_hook=_unique_keys)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise _malformed("it holds a lone surrogate") from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _malformed(str(error)) from error
    return value


def parse_json_object(data: bytes) -> JsonObject:
    """Like ``parse_json``, for bodies that must be a JSON object."""
    value = parse_json(data)
    if not isinstance(value, dict):
        raise _malformed("a JSON object was expected")
    return cast("JsonObject", value)


def _keys_in(value: JsonValue) -> int:
    """How many keys all objects of ``value`` have; ``UsageError`` when they stand too deep."""
    keys = 0
    level: list[object] = [value] if type(value) in (dict, list) else []
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for item in level:
            held = item
            if type(item) is dict:
                keys += len(cast("dict[str, object]", item))
                held = cast("dict[str, object]", item).values()
            inner += [one for one in cast("list[object]", held) if type(one) in (dict, list)]
        level = inner
    if level:
        raise _too_deep()
    return keys


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


def _too_deep() -> UsageError:
    return _malformed(f"it is nested deeper than {MAX_DEPTH} levels")


def _malformed(why: str) -> UsageError:
    return UsageError(
        f"The body is not valid JSON: {why}.",
        code=ErrorCode.MALFORMED,
        hint="Send one UTF-8 JSON value as RFC 8259 describes it.",
    )
