"""F10: the clock falls back an hour, jumps ten years ahead, stands still."""

import random
from pathlib import Path

from ledger.entry import content_of
from ledger.log import Log
from ledger.verify import verify_folder
from tests.ledger.builders import draft

HOUR, TEN_YEARS = 3_600_000, 10 * 365 * 24 * 3_600_000
NOW = 1_700_000_000_000


class Jumping:
    """A clock with its own idea of how time passes."""

    def __init__(self, rng: random.Random, jumps: tuple[int, ...]) -> None:
        self._rng, self._jumps = rng, jumps
        self._now = NOW

    def now_ms(self) -> int:
        self._now += self._rng.choice(self._jumps)
        return self._now


def set_clocks(folder: Path, rng: random.Random, count: int) -> str:
    """The same ``count`` requests under five clocks: the same order and content, ``at`` rising."""
    clocks = {
        "steady": (1,),
        "frozen": (0,),
        "an hour back": (1, 1, -HOUR),
        "ten years ahead": (1, 1, 1, TEN_YEARS // 100),
        "mad": (0, 7, -HOUR, HOUR, -TEN_YEARS // 100, TEN_YEARS // 100),
    }
    contents: list[list[bytes]] = []
    for name, jumps in clocks.items():
        data = folder / name
        log = Log.open(data, clock=Jumping(rng, jumps), background=False)
        for number in range(count):
            log.append([draft(f"k{number % (count - 5)}")])
        entries = list(log.read(0, log.head().size))
        times = [entry.at for entry in entries]
        assert times == sorted(times)
        assert times[0] >= NOW - TEN_YEARS
        contents.append([content_of(entry.data)[0] for entry in entries])
        log.close()
        assert verify_folder(data).ok
    assert len(contents[0]) == count - 5
    assert all(content == contents[0] for content in contents)
    return f"{count} requests under {len(clocks)} clocks"
