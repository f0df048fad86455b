"""Entries: canonical bytes, limits, and what is refused."""

from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, UsageError
from ledger.entry import HARD_LIMIT, SOFT_LIMIT, Draft, canonical_fast, content_of, decode, encode
from tests.ledger.builders import draft

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | SAFE | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


def no_blob(_: bytes | str) -> bytes:
    raise AssertionError("no blob is needed")


def recorded(one: Draft, at: int = 7) -> bytes:
    return encode(one, lambda data: "sha256:" + "0" * 64).recorded(at)


@given(JSON)
def test_canonical_bytes_are_those_of_rfc_8785(value: object) -> None:
    assert canonical_fast(value) == rfc8785.dumps(value)


@given(st.dictionaries(TEXT, JSON, max_size=3), TEXT, SAFE.filter(lambda at: at >= 0))
def test_an_entry_is_canonical_json_and_reads_back(
    payload: dict[str, object], actor: str, at: int
) -> None:
    one = Draft("run.started", "p", actor, "test", "key", payload)
    data = recorded(one, at)
    assert data == rfc8785.dumps(orjson.loads(data))
    entry = decode(3, data, no_blob)
    assert (entry.seq, entry.actor, entry.at, entry.payload) == (3, actor, at, payload)
    assert content_of(data) == (encode(one, no_blob).digest, None)


def test_the_content_does_not_depend_on_the_time() -> None:
    assert content_of(recorded(draft("a"), 1)) == content_of(recorded(draft("a"), 99))
    assert content_of(recorded(draft("a"))) != content_of(recorded(draft("b")))


def test_a_large_payload_moves_to_a_blob() -> None:
    blobs: dict[str, bytes] = {}

    def put(data: bytes) -> str:
        blobs["it"] = data
        return "unused"

    one = draft("a", payload={"text": "x" * SOFT_LIMIT})
    data = encode(one, put).recorded(1)
    assert len(data) < 500
    digest = content_of(data)[1]
    assert digest is not None
    asked: list[str] = []

    def get(name: str) -> bytes:
        asked.append(name)
        return blobs["it"]

    assert decode(0, data, get).payload == one.payload
    assert asked == [digest]


def test_a_payload_of_the_soft_limit_stays_in_the_entry() -> None:
    overhead = len(recorded(draft("a", payload={"text": ""}), 10**15))
    fitting = draft("a", payload={"text": "x" * (SOFT_LIMIT - overhead)})
    assert len(encode(fitting, no_blob).recorded(10**15)) == SOFT_LIMIT
    stored: list[bytes] = []
    longer = draft("a", payload={"text": "x" * (SOFT_LIMIT - overhead + 1)})
    encode(longer, lambda data: stored.append(data) or "")
    assert len(stored) == 1


def test_an_entry_of_65536_bytes_is_refused_and_stores_nothing() -> None:
    with pytest.raises(UsageError) as caught:
        encode(Draft("t", "p", "a" * 65_536, "s", "i", {"x": "y" * SOFT_LIMIT}), no_blob)
    assert caught.value.code == ErrorCode.ENTRY_TOO_LARGE
    with pytest.raises(UsageError) as caught:
        decode(0, b"{" + b" " * HARD_LIMIT + b"}", no_blob)
    assert caught.value.code == ErrorCode.ENTRY_TOO_LARGE


@pytest.mark.parametrize(
    "payload",
    [
        {"x": 1.5},
        {"x": float("nan")},
        {"x": 2**53},
        {"x": "\ud800"},
        {"\ud800": 1},
        {1: 2},
        {"x": {1, 2}},
        {"x": b"bytes"},
        {"x": [UUID(int=1)]},
        {"x": datetime(2026, 1, 1, tzinfo=UTC)},
        {"x": Fraction(1, 2)},
        {"x": 1.5, "y": object()},
        ["not an object"],
    ],
)
def test_what_has_no_canonical_form_is_refused(payload: object) -> None:
    with pytest.raises(UsageError) as caught:
        encode(draft("a", payload=payload), no_blob)
    assert caught.value.code == ErrorCode.ENTRY_INVALID


@pytest.mark.parametrize("key", ["plain", "ключ"])
def test_64_levels_are_the_most(key: str) -> None:
    value: object = {key: "x"}
    for _ in range(62):
        value = [value]
    assert canonical_fast({"x": value}) == rfc8785.dumps({"x": value})
    with pytest.raises(UsageError) as caught:
        canonical_fast({"x": [value]})
    assert caught.value.code == ErrorCode.ENTRY_INVALID


def test_deep_nesting_is_refused() -> None:
    value: object = "x"
    for _ in range(100_000):
        value = [value]
    with pytest.raises(UsageError):
        encode(draft("a", payload={"x": value}), no_blob)


@pytest.mark.parametrize("name", ["type", "project", "idem"])
def test_names_must_not_be_empty(name: str) -> None:
    fields = {"type": "t", "project": "p", "actor": "", "source": "", "idem": "i", name: ""}
    with pytest.raises(UsageError):
        encode(Draft(**fields, payload={}), no_blob)


GOOD = recorded(draft("a"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"not json",
        GOOD + b"\n",
        GOOD.replace(b'","at"', b'", "at"'),
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"v":1', b'"v":1,"v":1'),
        GOOD.replace(b'"v":1', b'"v":1,"w":1'),
        GOOD.replace(b'"v":1', b'"v":"1"'),
        GOOD.replace(b'"at":7', b'"at":7.0'),
        GOOD.replace(b'"at":7', b'"at":true'),
        GOOD.replace(b'"payload":{"run_id":"a"}', b'"payload":[]'),
        GOOD.replace(b'"tester"', b'"\\u0074ester"'),
        b"\xff" + GOOD,
    ],
)
def test_bytes_that_are_not_a_canonical_entry_are_refused(data: bytes) -> None:
    assert data != GOOD
    with pytest.raises(UsageError) as caught:
        decode(0, data, no_blob)
    assert caught.value.code == ErrorCode.ENTRY_INVALID
