"""F7: ``sequencer.db`` deleted, or replaced by an older copy, at random moments."""

import random
import shutil
from pathlib import Path

import pytest

from domain.errors import ErrorCode, IntegrityError
from ledger.recover import rebuild_sequencer
from ledger.verify import verify_folder
from tests.ledger.builders import draft, open_log

STEPS = 12


def lose_sequencer(folder: Path, rng: random.Random, count: int) -> str:
    """``count`` ledgers that lose theirs: refused, rebuilt from the files, then as before."""
    rolled_back = 0
    for number in range(count):
        data, old = folder / str(number), folder / f"{number}.old"
        published = _live(data, old, rng)
        database = data / "ledger/sequencer.db"
        older = old.exists() and rng.random() < 0.5
        if older:
            shutil.copy(old, database)
            rolled_back += 1
        else:
            database.unlink()
        with pytest.raises(IntegrityError) as caught:
            open_log(data)
        assert caught.value.code == ErrorCode.LEDGER_ROLLED_BACK
        assert "lineproof ledger recover" in caught.value.hint
        assert rebuild_sequencer(data) == len(published)
        report = verify_folder(data)
        assert report.ok, report.faults
        log = open_log(data)
        assert [entry.idem for entry in log.read(0, log.head().size)] == published
        for seq in rng.sample(range(len(published)), min(5, len(published))):
            assert log.append([draft(published[seq])])[0].seq == seq
        log.close()
        shutil.rmtree(data)
    return f"{count - rolled_back} deleted, {rolled_back} older copies"


def _live(data: Path, old: Path, rng: random.Random) -> list[str]:
    """Append and publish at random, copying the database once on the way; what was published."""
    keys: list[str] = []
    copy_at = rng.randrange(STEPS)
    for step in range(STEPS):
        log = open_log(data)
        for _ in range(rng.randint(1, 3)):
            batch = [f"k{len(keys) + n}" for n in range(rng.randint(1, 90))]
            log.append([draft(key) for key in batch])
            keys += batch
        log.close()
        if step == copy_at and step < STEPS - 1:
            shutil.copy(data / "ledger/sequencer.db", old)
    return keys
