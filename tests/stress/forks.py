"""F14: two clones of one data folder go on by themselves; whoever remembers the first finds out."""

import random
import shutil
from pathlib import Path

import pytest

from domain.errors import ErrorCode, IntegrityError
from ledger import merkle
from ledger.checkpoint import Checkpoint
from ledger.log import Log
from ledger.projection import catch_up
from ledger.verify import verify_folder
from tests.ledger.builders import draft, fill, open_log
from tests.stress.damage import Applied


def fork_folders(folder: Path, rng: random.Random, count: int) -> str:
    """``count`` forks; each clone is whole by itself, and neither extends the other."""
    for number in range(count):
        _fork(folder / str(number), rng)
    return f"{count} forks reported by a remembered checkpoint and by a projection"


def _fork(folder: Path, rng: random.Random) -> None:
    log = open_log(folder / "one")
    fill(log, rng.randint(1, 300))
    log.close()
    shutil.copytree(folder / "one", folder / "two")
    one, two = open_log(folder / "one"), open_log(folder / "two")
    common = one.checkpoint()
    projection = Applied()
    fill(one, rng.randint(1, 300), prefix="one")
    catch_up(one, projection)
    remembered = one.checkpoint()
    fill(two, remembered.size - common.size, prefix="two")
    # At the same size two roots are signed: nothing could be plainer.
    assert (two.checkpoint().size, two.checkpoint().root != remembered.root) == (
        remembered.size,
        True,
    )
    _refused(two, remembered, projection)
    fill(two, rng.randint(1, 300), prefix="more")
    _refused(two, remembered, projection)
    _extends(two, common)
    _extends(one, remembered)
    for log in (one, two):
        log.close()
    assert verify_folder(folder / "one").ok
    assert verify_folder(folder / "two").ok
    shutil.rmtree(folder)


def _refused(log: Log, remembered: Checkpoint, projection: Applied) -> None:
    with pytest.raises(IntegrityError) as caught:
        _extends(log, remembered)
    assert caught.value.code == ErrorCode.PROOF_INVALID
    before = projection.cursor()
    log.append([draft(f"after {log.head().size}")])
    with pytest.raises(IntegrityError) as caught:
        catch_up(log, projection)
    assert caught.value.code == ErrorCode.LEDGER_TAMPERED
    assert projection.cursor() == before


def _extends(log: Log, remembered: Checkpoint) -> None:
    """What a client with a memory demands of every newer checkpoint."""
    now = log.checkpoint()
    path = log.consistency_proof(remembered.size, now.size)
    merkle.verify_consistency(remembered.size, now.size, remembered.root, now.root, path)
