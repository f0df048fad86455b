"""F3, the share of every test run; and that the simulation would notice what it is there for."""

import random
from pathlib import Path

import pytest

from tests.stress.power import PowerLossFs
from tests.stress.power_loss import Life


def test_f3_a_power_loss_takes_nothing_that_was_promised(tmp_path: Path) -> None:
    rng = random.Random(3)
    life = Life(tmp_path / "life", PowerLossFs(tmp_path / "life"))
    moments = life.fs.record.moments
    for number, moment in enumerate(moments):
        if number % 8 == 0:
            life.survive(tmp_path / "crash", moment, rng, (0.0, 0.5, 1.0)[number // 8 % 3])
    life.survive(tmp_path / "crash", moments[-1], rng, 0.0)


class LyingFs(PowerLossFs):
    """Says of some paths that they are durable and does nothing."""

    def __init__(self, data: Path, lies_about: str) -> None:
        super().__init__(data)
        self._lies_about = lies_about

    def sync(self, path: Path) -> None:
        kind = "folder" if path.is_dir() else "blob" if ".staging" in path.parts else "other"
        if kind != self._lies_about:
            super().sync(path)


@pytest.mark.parametrize("missing", ["folder", "blob"])
def test_f3_a_missing_sync_would_be_noticed(tmp_path: Path, missing: str) -> None:
    life = Life(tmp_path / "life", LyingFs(tmp_path / "life", missing))
    with pytest.raises(Exception, match=r".") as caught:
        life.survive(tmp_path / "crash", life.fs.record.moments[-1], random.Random(3), 0.0)
    assert "of the unsynced kept" in caught.value.__notes__[-1]
