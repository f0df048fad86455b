"""Catching up: nothing is applied that does not lead to the committed root."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from domain.errors import ErrorCode, IntegrityError, StaleError
from ledger.entry import Entry
from ledger.projection import BATCH, Cursor, catch_up, rebuild
from tests.ledger.builders import draft, fill, open_log


class ListProjection:
    """The idempotency keys, in order."""

    name = "list"

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.batches: list[int] = []
        self._cursor = Cursor()
        self._lock = threading.Lock()

    def cursor(self) -> Cursor:
        return self._cursor

    def apply(self, entries: Sequence[Entry], *, old: Cursor, new: Cursor) -> None:
        with self._lock:
            if old != self._cursor:
                raise StaleError("The cursor moved.")
            self.keys += [entry.idem for entry in entries]
            self.batches.append(len(entries))
            self._cursor = new

    def reset(self) -> None:
        self.keys, self._cursor = [], Cursor()


def test_pieces_and_the_whole_give_the_same(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 2 * BATCH + 10, publish_every=700)
    log.append([draft("tail")])
    whole, pieces = ListProjection(), ListProjection()
    assert catch_up(log, whole) == log.head()
    for upto in (0, 1, 255, BATCH, BATCH, BATCH + 1, 10**9):
        assert catch_up(log, pieces, upto=upto).size == min(upto, log.head().size)
    assert whole.keys == pieces.keys
    assert whole.cursor() == pieces.cursor() == log.head()
    assert max(whole.batches) == BATCH
    assert catch_up(log, whole, upto=5) == log.head()
    pieces.keys.append("rubbish")
    assert rebuild(log, pieces) == log.head()
    assert whole.keys == pieces.keys
    log.close()


def test_many_threads_may_catch_up_at_once(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    projection = ListProjection()

    def write(name: str) -> None:
        for i in range(20):
            log.append([draft(f"{name}{i}")])
            catch_up(log, projection)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert projection.keys == [entry.idem for entry in log.read(0, 80)]
    assert projection.cursor() == log.head()
    log.close()


def test_a_ledger_shorter_than_the_cursor_was_rolled_back(tmp_path: Path) -> None:
    log, older = open_log(tmp_path / "a"), open_log(tmp_path / "b")
    fill(log, 20)
    fill(older, 10)
    projection = ListProjection()
    catch_up(log, projection)
    with pytest.raises(IntegrityError) as caught:
        catch_up(older, projection)
    assert caught.value.code == ErrorCode.LEDGER_ROLLED_BACK
    log.close()
    older.close()


def test_another_ledger_is_refused_even_when_it_is_longer(tmp_path: Path) -> None:
    log, fork = open_log(tmp_path / "a"), open_log(tmp_path / "b")
    fill(log, 20)
    fill(fork, 20, prefix="other")
    projection = ListProjection()
    catch_up(log, projection)
    for _ in range(2):
        with pytest.raises(IntegrityError) as caught:
            catch_up(fork, projection)
        assert caught.value.code == ErrorCode.LEDGER_TAMPERED
        fill(fork, 30, prefix="longer")
    assert projection.cursor() == log.head()
    log.close()
    fork.close()


@pytest.mark.parametrize("upto", [None, 5, 2_000])
def test_nothing_of_a_changed_ledger_is_applied(tmp_path: Path, upto: int | None) -> None:
    log = open_log(tmp_path)
    fill(log, 2_000)
    bundle = tmp_path / "ledger/static/tile/entries/007.p/208"
    bundle.write_bytes(bundle.read_bytes().replace(b'"e1900"', b'"e19XX"'))
    assert b"e19XX" in bundle.read_bytes()
    projection = ListProjection()
    with pytest.raises(IntegrityError):
        catch_up(log, projection, upto=upto)
    assert projection.cursor() == Cursor()
    log.close()
