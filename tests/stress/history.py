"""The history checker: every acknowledgement is in the log at its seq, exactly once."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ledger.log import Log

Acknowledged = tuple[int, str]
"""(seq, idempotency key)."""


class History:
    """What a log holds, read piece by piece while it grows."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    @property
    def size(self) -> int:
        """Entries read so far."""
        return len(self._places)

    def check(self, log: Log, acknowledged: Iterable[Acknowledged]) -> int:
        """Read on, then hold the log against the acknowledgements; how many there were."""
        last = 0
        for entry in log.read(self.size, log.head().size):
            assert entry.seq == self.size, f"entry {self.size} is missing before {entry.seq}"
            assert entry.idem not in self._places, f"{entry.idem} is recorded twice"
            assert entry.at >= last, f"time falls at entry {entry.seq}"
            self._places[entry.idem], last = entry.seq, entry.at
        count = 0
        for seq, key in acknowledged:
            assert self._places.get(key) == seq, f"{key} was acknowledged at {seq} and is not there"
            count += 1
        return count

    def check_units(self) -> None:
        """Every request whose keys read ``name/number/of`` is there as a whole or not at all."""
        parts = Counter(key.rsplit("/", 2)[0] for key in self._places)
        for key in self._places:
            name, _, of = key.rsplit("/", 2)
            assert parts[name] == int(of), f"{parts[name]} of the {of} entries of {name} are there"


def read_acknowledged(path: Path) -> list[Acknowledged]:
    """The whole lines ``seq key`` that a writer left."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    pairs = [line.split(" ", 1) for line in lines]
    return [(int(seq), key) for seq, key in pairs]
