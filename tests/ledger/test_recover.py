"""A lost or older sequencer is made again from the published files."""

from pathlib import Path

import pytest

from domain.clock import FrozenClock
from domain.errors import ConflictError, IntegrityError, NotFoundError
from ledger.entry import Receipt
from ledger.recover import rebuild_sequencer
from ledger.verify import verify_folder
from tests.ledger.builders import draft, fill, open_log


def test_a_lost_sequencer_is_rebuilt_with_its_keys(tmp_path: Path) -> None:
    log = open_log(tmp_path, clock=FrozenClock(5_000))
    fill(log, 300)
    log.append([draft("big", payload={"x": "y" * 20_000})])
    checkpoint = log.publish()
    log.close()
    (tmp_path / "ledger/sequencer.db").unlink()
    assert rebuild_sequencer(tmp_path) == 301
    assert verify_folder(tmp_path).ok
    log = open_log(tmp_path, clock=FrozenClock(1_000))
    assert log.checkpoint() == checkpoint
    assert log.append([draft("e7"), draft("new")]) == [Receipt(7, True), Receipt(301, False)]
    assert log.append([draft("big", payload={"x": "y" * 20_000})]) == [Receipt(300, True)]
    with pytest.raises(ConflictError):
        log.append([draft("e8", payload={"other": 1})])
    assert next(iter(log.read(301, 302))).at == 5_000
    log.close()
    assert verify_folder(tmp_path).ok


def test_an_older_sequencer_is_kept_aside(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 5)
    log.close()
    path = tmp_path / "ledger/sequencer.db"
    old = path.read_bytes()
    log = open_log(tmp_path)
    fill(log, 5, prefix="later")
    log.close()
    path.write_bytes(old)
    assert rebuild_sequencer(tmp_path) == 10
    assert path.with_suffix(".db.replaced").exists()
    open_log(tmp_path).close()


def test_a_whole_sequencer_is_not_replaced(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    with pytest.raises(ConflictError):
        rebuild_sequencer(tmp_path)
    log.close()
    with pytest.raises(ConflictError):
        rebuild_sequencer(tmp_path)


def test_nothing_is_rebuilt_from_changed_files(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 5)
    log.close()
    (tmp_path / "ledger/sequencer.db").unlink()
    path = tmp_path / "ledger/static/tile/entries/000.p/5"
    path.write_bytes(path.read_bytes().replace(b'"e3"', b'"eX"'))
    with pytest.raises(IntegrityError):
        rebuild_sequencer(tmp_path)
    assert not (tmp_path / "ledger/sequencer.db").exists()
    with pytest.raises(NotFoundError):
        rebuild_sequencer(tmp_path / "nothing")
