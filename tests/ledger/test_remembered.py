"""A client with a memory: growth is accepted; rollbacks and forks are refused and kept."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import ErrorCode, IntegrityError, LineproofError, UsageError
from ledger.log import Log
from ledger.reader import LogReader, StaticReader
from ledger.remembered import check_remembered, memory_name
from tests.ledger.builders import fill, open_log
from tests.ledger.static_server import web_server


def look(memory: Path, data: Path) -> int | None:
    """Hold the published log of a data folder against the memory; the size it had."""
    reader = StaticReader(data / "ledger/static")
    old = check_remembered(memory, reader.checkpoint_text(), reader)
    return None if old is None else old.size


def clone(data: Path, name: str) -> Path:
    target = data.with_name(name)
    shutil.copytree(data, target)
    return target


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "memory" / "m.checkpoint"


def test_growth_is_accepted_and_remembered(tmp_path: Path, memory: Path) -> None:
    data = tmp_path / "data"
    log = open_log(data)
    fill(log, 3)
    assert look(memory, data) is None
    assert look(memory, data) == 3
    fill(log, 300, prefix="more")
    assert look(memory, data) == 3
    assert look(memory, data) == 303
    log.close()


@given(sizes=st.lists(st.integers(1, 300), min_size=1, max_size=4))
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_growth_has_its_proof(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("growth")
    log = open_log(folder / "data")
    total = 0
    for step, size in enumerate(sizes):
        fill(log, size, prefix=f"{step}-")
        assert look(folder / "m", folder / "data") == (total or None)
        total += size
    log.close()


def test_a_rollback_is_refused_and_both_checkpoints_are_kept(tmp_path: Path, memory: Path) -> None:
    log = open_log(tmp_path / "data")
    fill(log, 3)
    log.close()
    older = clone(tmp_path / "data", "older")
    log = open_log(tmp_path / "data")
    fill(log, 2, prefix="more")
    look(memory, tmp_path / "data")
    log.close()
    remembered = memory.read_bytes()
    with pytest.raises(IntegrityError) as caught:
        look(memory, older)
    assert caught.value.code == ErrorCode.LEDGER_ROLLED_BACK
    assert str(memory) in caught.value.hint
    assert memory.read_bytes() == remembered
    (evidence,) = memory.parent.glob("*.refused-*")
    assert evidence.read_bytes() == (older / "ledger/static/checkpoint").read_bytes()


@pytest.mark.parametrize("more", [0, 1, 300])
def test_two_clones_that_both_append_are_a_fork(tmp_path: Path, memory: Path, more: int) -> None:
    log = open_log(tmp_path / "data")
    fill(log, 3)
    log.close()
    twin = clone(tmp_path / "data", "twin")
    for data, prefix, count in ((tmp_path / "data", "mine", 2), (twin, "theirs", 2 + more)):
        log = open_log(data)
        fill(log, count, prefix=prefix)
        log.close()
    look(memory, tmp_path / "data")
    with pytest.raises(IntegrityError) as caught:
        look(memory, twin)
    assert caught.value.code == ErrorCode.LEDGER_FORKED
    assert look(memory, tmp_path / "data") == 5


def test_missing_tiles_prove_nothing(tmp_path: Path, memory: Path) -> None:
    log = open_log(tmp_path / "data")
    fill(log, 3)
    look(memory, tmp_path / "data")
    fill(log, 600, prefix="more")
    log.close()
    (tmp_path / "data/ledger/static/tile/0/000").unlink()
    with pytest.raises(IntegrityError):
        look(memory, tmp_path / "data")


def test_another_command_may_have_remembered_more_meanwhile(tmp_path: Path, memory: Path) -> None:
    """What we fetched a moment ago is older than the memory; the log itself is not."""
    log = open_log(tmp_path / "data")
    fill(log, 3)
    stale = log.checkpoint().text
    fill(log, 3, prefix="more")
    look(memory, tmp_path / "data")
    old = check_remembered(memory, stale, StaticReader(tmp_path / "data/ledger/static"))
    assert old is not None
    assert old.size == 6
    log.close()


def test_a_damaged_memory_is_not_taken_for_none(tmp_path: Path, memory: Path) -> None:
    log = open_log(tmp_path / "data")
    fill(log, 3)
    look(memory, tmp_path / "data")
    log.close()
    memory.write_bytes(memory.read_bytes()[:20])
    with pytest.raises(UsageError) as caught:
        look(memory, tmp_path / "data")
    assert caught.value.code == ErrorCode.CONFIG_INVALID


def name_of(log: Log, data: Path) -> str:
    return memory_name(log.checkpoint().text, (data / "ledger/ledger.toml").read_bytes())


def test_ledgers_of_one_origin_are_remembered_apart(tmp_path: Path) -> None:
    names: set[str] = set()
    for name in ("a", "b"):
        log = open_log(tmp_path / name)
        names |= {name_of(log, tmp_path / name), memory_name(log.checkpoint().text, None)}
        log.close()
    assert len(names) == 4


def test_an_unreadable_log_is_not_a_fork(tmp_path: Path, memory: Path) -> None:
    log = open_log(tmp_path / "data")
    fill(log, 3)
    look(memory, tmp_path / "data")
    fill(log, 3, prefix="more")
    text = log.checkpoint().text
    log.close()

    def fetch(_: str) -> bytes:
        raise LineproofError("The network is down.", code=ErrorCode.BACKEND_UNAVAILABLE)

    with pytest.raises(LineproofError) as caught:
        check_remembered(memory, text, LogReader(fetch))
    assert caught.value.code == ErrorCode.BACKEND_UNAVAILABLE
    assert not list(memory.parent.glob("*.refused-*"))


def test_a_log_on_any_web_server_is_remembered(tmp_path: Path, memory: Path) -> None:
    from ledger.http_reader import HttpReader

    log = open_log(tmp_path / "data")
    fill(log, 300)
    with web_server(tmp_path / "data/ledger/static") as url:
        reader = HttpReader(url)
        assert check_remembered(memory, reader.checkpoint_text(), reader) is None
        fill(log, 300, prefix="more")
        old = check_remembered(memory, reader.checkpoint_text(), reader)
        reader.close()
    assert old is not None
    assert old.size == 300
    log.close()
