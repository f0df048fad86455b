"""Finished runs as ledger entries and as applied projections, without a server between.

Run ``n`` belongs to group ``n // REPLICATES``. Each group has training data of its own, and shares
all else with its neighbour: 1,000 groups make 500 pairs that differ in their data alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from analytics.tables import MetricTables
from domain.metric import decimal_text
from ledger.entry import Entry
from ledger.projection import Cursor, Projection

REPLICATES = 10
ENTRIES = 3
"""Entries of a run."""
BATCH = 2_000


def run_id(number: int) -> str:
    """The id of run ``number``."""
    return f"{number:032x}"


def value(number: int, step: int = 0) -> float:
    """The metric of run ``number``: the second group of a pair is a hundredth worse."""
    side = number // REPLICATES % 2
    return 0.9 - 0.01 * side + (number * 7919 % 1000) / 100_000 + step / 10_000


def run_entries(first: int, count: int, *, metrics: int = 1) -> Iterator[Entry]:
    """``ENTRIES`` entries for each run: started with its data, logged, finished."""
    for number in range(first, first + count):
        group = number // REPLICATES
        uses = [
            dataset("training", "TRAIN_DATA", f"train{group}"),
            dataset("evaluation", "EVAL_DATA", "test"),
        ]
        points = [
            {"key": f"metric{n}", "value": decimal_text(value(number)), "step": 0, "timestamp": 0}
            for n in range(metrics)
        ]
        params = {"pair": str(group // 2), "lr": "0.1", "depth": "6"}
        params["seed"] = str(number % REPLICATES)
        yield from numbered(
            ENTRIES * number,
            ("run.started", started(number, uses)),
            (
                "run.logged",
                {
                    "run_id": run_id(number),
                    "metrics": points,
                    "params": params,
                    "tags": {},
                    "uses": [],
                },
            ),
            ("run.updated", {"run_id": run_id(number), "status": "FINISHED", "end_time": number}),
        )


def started(number: int, uses: list[Any]) -> dict[str, Any]:
    """The payload that begins run ``number``."""
    return {
        "run_id": run_id(number),
        "experiment_id": "1",
        "name": f"run {number}",
        "user": "bench",
        "start_time": number,
        "tags": {},
        "uses": uses,
        "parent_run_id": "",
        "job": "train",
    }


def dataset(role: str, facet: str, digest: str, name: str = "") -> dict[str, Any]:
    """A use of a dataset version that is known by its content."""
    artifact = {
        "kind": "DATASET",
        "name": name or role,
        "digest": digest,
        "algorithm": "sha256",
        "strength": "CONTENT",
    }
    return {"role": role, "facet": facet, "artifact": artifact}


def numbered(seq: int, *said: tuple[str, dict[str, Any]]) -> Iterator[Entry]:
    """Entries of these types and payloads from position ``seq`` on."""
    for offset, (kind, payload) in enumerate(said):
        at = seq + offset
        yield Entry(at, kind, "default", "", "bench", str(at), 0, 1, payload, b"")


def cursor(size: int) -> Cursor:
    """A cursor of the right form; nothing checks the hashes of a ledger that is not there."""
    return Cursor(size, tuple(bytes([bit]) * 32 for bit in range(size.bit_count())))


def apply(projection: Projection, entries: Iterable[Entry], start: int = 0) -> int:
    """Apply entries from position ``start`` on in batches; where the projection then stands."""
    waiting = iter(entries)
    while batch := list(islice(waiting, BATCH)):
        end = start + len(batch)
        projection.apply(batch, old=cursor(start), new=cursor(end))
        start = end
    if isinstance(projection, MetricTables):
        projection.flush()
    return start


@dataclass
class MadeStore:
    """What queries need of an application, over projections that stand at ``size``."""

    graph: Any
    metrics: Any
    deltas: Any
    size: int
    log: Any = None
    clock: Any = None
    ids: Any = None

    def catch_up(self) -> int:
        """Nothing is new."""
        return self.size

    def delta_index(self) -> Any:
        """The index as it stands."""
        from analytics.delta_index.index import DeltaIndex

        return DeltaIndex(self.deltas)
