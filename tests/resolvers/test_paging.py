"""Cursors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from resolvers.paging import node_cursor, page_of, parse_node_cursor


@given(st.integers(0, 10**15), st.text(min_size=1).filter(lambda text: "\ud800" not in text))
def test_a_node_cursor_reads_back(seq: int, node: str) -> None:
    try:
        cursor = node_cursor(seq, node)
    except UnicodeEncodeError:
        return
    assert parse_node_cursor(cursor) == (seq, node)


@pytest.mark.parametrize("text", ["", "x", "MTI=", "LTE6cnVuOjE=", "MTI6", "é", "0" * 5_000])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_node_cursor(text)


@given(st.lists(st.integers(0, 50), unique=True), st.integers(1, 7))
def test_pages_of_a_list_cover_it(items: list[int], first: int) -> None:
    found: list[int] = []
    after: str | None = None
    while True:
        page = page_of(items, str, first=first, after=after)
        found += page.items
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert found == items


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(UsageError):
        page_of(["a"], str, first=1, after="eA==")
