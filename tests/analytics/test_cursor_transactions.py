"""A cursor survives as signed 64-bit transaction versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.cursor_transactions import from_transactions, to_transactions
from domain.errors import IntegrityError
from ledger.projection import Cursor


@st.composite
def cursors(draw):
    size = draw(st.integers(0, 2**40))
    node = st.binary(min_size=32, max_size=32)
    return Cursor(size, tuple(draw(node) for _ in range(size.bit_count())))


@given(st.lists(cursors(), min_size=1, max_size=4))
def test_the_latest_cursor_is_read_back_whatever_was_there_before(history):
    table: dict[str, int] = {}
    for cursor in history:
        table.update(to_transactions(cursor))
    assert from_transactions(table.get) == history[-1]


@given(cursors())
def test_versions_are_signed_64_bit(cursor):
    assert all(-(2**63) <= version < 2**63 for _, version in to_transactions(cursor))


def test_a_table_without_transactions_is_at_the_start():
    assert from_transactions({}.get) == Cursor()


def test_a_lost_part_of_the_edge_is_an_integrity_error():
    table = dict(to_transactions(Cursor(2, (bytes(32),))))
    del table["lineproof.metrics/edge/1/3"]
    with pytest.raises(IntegrityError):
        from_transactions(table.get)
