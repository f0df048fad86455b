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
FILES = sorted(path.name for path in GOLDEN.glob("verdicts-*.jsonl"))


def recorded(file: str) -> list[Entry]:
    """The entries of ``tests/golden/make_verdicts.py``, as an analysis left them."""
    lines = (GOLDEN / file).read_text("utf-8").splitlines()
    rows: list[Any] = [json.loads(line) for line in lines]
    return [
        Entry(r["seq"], r["type"], "default", "", "test", r["idem"], r["at"], 1, r["payload"], b"")
        for r in rows
    ]


def test_every_analysis_has_verdicts_on_record() -> None:
    assert sorted(f"verdicts-{name.replace('/', '-')}.jsonl" for name in ANALYSES) == FILES


@pytest.mark.parametrize("file", FILES)
def test_recorded_verdicts_come_out_again(
    file: str, graph_store: GraphStore, tmp_path: Path
) -> None:
    entries = recorded(file)
    metrics = MetricTables.open(tmp_path, clock=FrozenClock(0))
    for projection in (graph_store, metrics):
        projection.apply(entries, old=Cursor(), new=Cursor(len(entries)))
    verdicts = [entry for entry in entries if entry.type == VERDICT_RECORDED]
    assert len(verdicts) >= 8
    for entry in verdicts:
        statement: Any = entry.payload["statement"]
        assert file == f"verdicts-{statement['analysis'].replace('/', '-')}.jsonl"
        root = base64.b64decode(statement["as_of"]["root_hash"])
        replay_verdict(entry, graph=graph_store, metrics=metrics, root=root)
