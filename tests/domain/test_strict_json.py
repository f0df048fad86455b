"""Strict JSON: what two parsers could read differently is refused, everything else is read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import UsageError
from domain.strict_json import MAX_DEPTH, parse_json, parse_json_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@given(value=VALUES, indent=st.sampled_from((None, 1)), spaced=st.sampled_from((":", " : ")))
@settings(max_examples=100, deadline=None)
def test_what_json_writes_is_read_back(value: Any, indent: int | None, spaced: str) -> None:
    text = json.dumps(value, indent=indent, separators=(",", spaced))
    assert parse_json(text.encode()) == value


@given(keys=st.lists(st.sampled_from(('"a"', '"\\u0061"', '"b"', '"a\\":"')), max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_key_may_stand_once(keys: list[str]) -> None:
    """However it is spelt, however deep it stands, and whatever space is around its colon."""
    members = ",".join(f"{key}{' ' * index}:{index}" for index, key in enumerate(keys))
    names = [json.loads(key) for key in keys]
    data = f'[{{"x":{{{members}}}}}]'.encode()
    if len(set(names)) == len(names):
        assert parse_json(data) == [{"x": {name: at for at, name in enumerate(names)}}]
    else:
        with pytest.raises(UsageError, match="stands twice"):
            parse_json(data)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_limited(opening: str, closing: str) -> None:
    def nested(depth: int) -> bytes:
        return (opening * depth + "1" * (opening != "[") + closing * depth).encode()

    parse_json(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(UsageError, match="deeper than 64"):
            parse_json(nested(depth))


def test_brackets_in_texts_are_no_depth() -> None:
    assert parse_json(b'["' + b"[{" * 100 + b'"]') == ["[{" * 100]


@pytest.mark.parametrize(
    "data",
    [b"", b"\xef\xbb\xbf{}", b"\xff", b"{} {}", b'{"a":NaN}', b"[Infinity]", b'["\\ud800"]', b"{"],
)
def test_what_is_not_strict_is_malformed(data: bytes) -> None:
    with pytest.raises(UsageError, match="not valid JSON"):
        parse_json(data)


def test_an_object_is_an_object() -> None:
    with pytest.raises(UsageError, match="JSON object was expected"):
        parse_json_object(b"[]")
