"""Verdicts of every analysis that was ever recorded come out byte for byte, for ever."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from analytics.decision import ANALYSES
from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.verdict import VERDICT_RECORDED
from governance.replay import replay_verdict
from graph.port import GraphStore
from ledger.entry import Entry
from ledger.projection import Cursor

GOLDEN = Path(__file__).parents[1] / "golden"


def recorded(analysis: str) -> list[Entry]:
    """The entries of ``tests/golden/make_verdicts.py``, as that analysis left them."""
    path = GOLDEN / f"verdicts-{analysis.replace('/', '-')}.jsonl"
    rows: list[Any] = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Entry(r["seq"], r["type"], "default", "", "test", r["idem"], r["at"], 1, r["payload"], b"")
        for r in rows
    ]


@pytest.mark.parametrize("analysis", sorted(ANALYSES))
def test_recorded_verdicts_come_out_again(
    analysis: str, graph_store: GraphStore, tmp_path: Path
) -> None:
    entries = recorded(analysis)
    metrics = MetricTables.open(tmp_path, clock=FrozenClock(0))
    for projection in (graph_store, metrics):
        projection.apply(entries, old=Cursor(), new=Cursor(len(entries)))
    verdicts = [entry for entry in entries if entry.type == VERDICT_RECORDED]
    assert len(verdicts) == 8
    for entry in verdicts:
        statement: Any = entry.payload["statement"]
        assert statement["analysis"] == analysis
        root = base64.b64decode(statement["as_of"]["root_hash"])
        replay_verdict(entry, graph=graph_store, metrics=metrics, root=root)
