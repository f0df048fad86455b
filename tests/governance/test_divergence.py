"""The first divergence is where the first differing byte of the canonical JSON is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import JsonValue, canonical_bytes
from governance.divergence import first_divergence

_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text("ab", max_size=2)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(_JSON, _JSON)
def test_equal_bytes_are_exactly_no_divergence(left: JsonValue, right: JsonValue) -> None:
    same = canonical_bytes(left) == canonical_bytes(right)
    assert (first_divergence(left, right) is None) is same


@pytest.mark.parametrize(
    ("expected", "actual", "path", "shown"),
    [
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, "a", ("1", "2")),
        ({"a": [1, {"p": "x"}]}, {"a": [1, {"p": "y"}]}, "a[1].p", ('"x"', '"y"')),
        ({"a": [1]}, {"a": [1, 2]}, "a.length", ("1", "2")),
        ({"a": 1}, {}, "a", ("1", "absent")),
        ({"a": 1}, {"a": True}, "a", ("1", "true")),
        (1, "1", "$", ("1", '"1"')),
    ],
)
def test_it_names_the_place(
    expected: JsonValue, actual: JsonValue, path: str, shown: tuple[str, str]
) -> None:
    found = first_divergence(expected, actual)
    assert found is not None
    assert (found.path, (found.expected, found.actual)) == (path, shown)


def test_long_values_are_cut() -> None:
    found = first_divergence("x" * 1000, "y")
    assert found is not None and len(found.expected) < 250
