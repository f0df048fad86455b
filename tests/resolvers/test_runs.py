"""Reading runs from a real ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import ErrorCode, NotFoundError, UsageError
from resolvers import runs
from tests.schema.recorded import Recorder, open_recorder, record_variants, run_id


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    folder: Path = tmp_path_factory.mktemp("runs")
    recorder = open_recorder(folder)
    record_variants(recorder)
    recorder.run("f" * 32, project="other")
    recorder.run(run_id("child"), parent=run_id("baseline/0"), experiment_id="2")
    recorder.catch_up()
    yield recorder
    recorder.metrics.close()
    recorder.log.close()


def page(recorder: Recorder, **kw: object) -> list[str]:
    """Run ids over all pages of two."""
    which = runs.selection("default", deleted=False, **(kw.pop("which", {})))  # type: ignore[arg-type]
    found: list[str] = []
    after: str | None = None
    while True:
        part = runs.page(
            recorder.graph,
            recorder.metrics,
            which,
            first=2,
            after=after,
            newest_first=bool(kw.get("newest_first", False)),
            as_of=kw.get("as_of"),  # type: ignore[arg-type]
        )
        found += [record.run_id for record in part.items]
        if not part.has_next:
            return found
        after = part.cursors[-1]


def test_pages_cover_every_run_once_in_order(recorder: Recorder) -> None:
    found = page(recorder, which={"filter_text": None})
    assert len(found) == len(set(found)) == 13
    assert found[0] == run_id("baseline/0")
    assert page(recorder, which={"filter_text": None}, newest_first=True) == found[::-1]


def test_metric_conditions_select_and_count(recorder: Recorder) -> None:
    which = {"filter_text": "metrics.accuracy > 0.9515 AND params.alpha = '0.0001'"}
    assert page(recorder, which=which) == [run_id("baseline/2"), run_id("baseline/3")]
    selected = runs.selection("default", deleted=False, **which)
    count = runs.count(recorder.graph, recorder.metrics, selected, as_of=None)
    assert count == 2


def test_an_experiment_narrows(recorder: Recorder) -> None:
    which = {"filter_text": " ", "experiment_id": "2"}
    assert page(recorder, which=which) == [run_id("child")]


def test_a_past_position_is_seen_as_it_was(recorder: Recorder) -> None:
    (second,) = runs.many(recorder.graph, [run_id("baseline/1")], project="default", as_of=None)
    assert page(recorder, which={"filter_text": None}, as_of=second.seq) == [run_id("baseline/0")]
    (then,) = runs.many(
        recorder.graph, [run_id("baseline/1")], project="default", as_of=second.seq + 1
    )
    assert (then.status, then.params, then.end_time) == ("RUNNING", {}, None)


def test_a_foreign_run_does_not_exist(recorder: Recorder) -> None:
    assert runs.by_ids(recorder.graph, ["f" * 32], project="default", as_of=None) == {}
    with pytest.raises(NotFoundError):
        runs.many(recorder.graph, ["f" * 32], project="default", as_of=None)


def test_the_seed_is_the_replicate_key(recorder: Recorder) -> None:
    (record,) = runs.many(recorder.graph, [run_id("data/3")], project="default", as_of=None)
    assert record.seed == "3"


def test_parents_and_children(recorder: Recorder) -> None:
    child, parent = run_id("child"), run_id("baseline/0")
    assert runs.parents(recorder.graph, [child, parent], as_of=None) == {
        child: (parent,),
        parent: (),
    }
    assert runs.children(recorder.graph, [parent], as_of=None) == {parent: (child,)}


@pytest.mark.parametrize("first", [-1, 1001])
def test_a_page_size_out_of_range_is_refused(recorder: Recorder, first: int) -> None:
    with pytest.raises(UsageError) as caught:
        runs.page(
            recorder.graph,
            recorder.metrics,
            runs.selection("default", filter_text=None, deleted=False),
            first=first,
            after=None,
            newest_first=False,
            as_of=None,
        )
    assert caught.value.code is ErrorCode.INVALID_ARGUMENT


def test_a_run_without_metrics_has_none(recorder: Recorder) -> None:
    child, first = run_id("child"), run_id("baseline/0")
    found = runs.metrics_of(recorder.metrics, [child, first], as_of=None)
    assert found[child] == ()
    assert [summary.last for summary in found[first]] == [0.95]
