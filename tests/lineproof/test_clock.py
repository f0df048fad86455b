"""F10 for verdicts: what is judged does not depend on what the clock says."""

from pathlib import Path

from analytics.tables import MetricTables
from domain.canonical import JsonObject
from domain.clock import FrozenClock
from domain.ids import SequentialIds
from graph.memory import MemoryGraph
from ledger.log import Log
from lineproof import policies, verdicts
from lineproof.services import Services
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

NOW, HOUR, TEN_YEARS = 1_700_000_000_000, 3_600_000, 315_360_000_000


def judged(data: Path, *, jump: int) -> list[JsonObject]:
    """Two verdicts; between the results and them the clock jumps."""
    clock = FrozenClock(NOW)
    services = Services(
        log=Log.open(data, clock=clock, background=False),
        graph=MemoryGraph(),
        metrics=MetricTables.open(data, clock=clock),
        clock=clock,
        ids=SequentialIds(),
        ledger_files=data / "ledger/static",
    )
    policies.declare(services, POLICY, project="default", source="test")
    plant_runs(services.log)
    clock.advance(jump)
    answers = [
        verdicts.judge(
            services,
            {
                "policy": "release",
                "candidate": {"runs": list(side)},
                "baseline": {"runs": list(GOOD[:5])},
            },
            project="default",
            source="test",
        )
        for side in (WORSE, GOOD[5:])
    ]
    services.close()
    return answers


def timeless(answer: JsonObject) -> JsonObject:
    """The statement; of its tree the size alone, for the root covers the entries' times."""
    return {**answer["statement"], "as_of": answer["statement"]["as_of"]["tree_size"]}


def test_f10_verdicts_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    steady = judged(tmp_path / "steady", jump=0)
    assert [answer["outcome"] for answer in steady] == ["FAIL", "WARN"]
    for jump in (-HOUR, TEN_YEARS):
        other = judged(tmp_path / str(jump), jump=jump)
        for ours, theirs in zip(steady, other, strict=True):
            assert timeless(ours) == timeless(theirs)
