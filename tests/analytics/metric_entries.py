"""Ledger entries with metric points, and cursors that stand for their prefixes, for tests."""

import hashlib
from collections.abc import Sequence

from domain.metric import MetricPoint, decimal_text
from domain.run import RUN_LOGGED
from ledger.entry import Entry
from ledger.projection import Cursor


def cursor(size: int) -> Cursor:
    """A cursor of this size, with an edge of the right form that depends on the size alone."""
    bits = [bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]
    return Cursor(size, tuple(hashlib.sha256(f"{size}/{bit}".encode()).digest() for bit in bits))


def point(key: str, value: float, *, step: int = 0, at: int = 0) -> MetricPoint:
    return MetricPoint(key=key, value=decimal_text(value), step=step, timestamp=at)


def entry(seq: int, run: str, points: Sequence[MetricPoint], *, kind: str = RUN_LOGGED) -> Entry:
    payload = {"run_id": run, "metrics": list(points), "params": {}, "tags": {}, "uses": []}
    return Entry(
        seq=seq,
        type=kind,
        project="default",
        actor="tests",
        source="mlflow",
        idem=str(seq),
        at=seq,
        schema=1,
        payload=payload,
        data=b"",
    )
