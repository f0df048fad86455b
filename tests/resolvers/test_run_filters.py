"""Random filters on random runs: stores, doors and Polars find what plain Python finds."""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import run_conditions
from analytics.frame_filter import run_expression
from analytics.tables import MetricTables
from domain.clock import FrozenClock
from governance.run_set import Filtered, resolve
from graph.port import GraphStore
from graph.sqlite import rare
from ingest.mlflow import inputs, logs, runs
from ledger.projection import Cursor
from resolvers.mlflow_search import RunSearch, search_runs
from resolvers.runs import all_ids, selection
from tests.ingest.recorder import Recorder

explored = settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)

TEXTS = st.text(alphabet="aAbé%_*[?'\U0001f600\uffff", max_size=3)
NUMBERS = st.sampled_from([-1.0, -0.0, 0.0, 0.5, 1.0, 2.5, math.nan, math.inf])


@dataclass
class Run:
    """What one run logged: the yardstick reads this, the stores read the ledger."""

    start: int
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]
    datasets: list[tuple[str, str]]
    name: str = ""
    run_id: str = field(default="", compare=False)


KEYS = st.sampled_from(["a", "b c", "x.y/z"])
RUNS = st.lists(
    st.builds(
        Run,
        start=st.integers(0, 3),
        params=st.dictionaries(KEYS, TEXTS, max_size=2),
        tags=st.dictionaries(KEYS, TEXTS, max_size=2),
        metrics=st.dictionaries(st.sampled_from(["m", "n o"]), NUMBERS, max_size=2),
        datasets=st.lists(st.tuples(st.sampled_from("de"), st.sampled_from("12")), max_size=2),
    ),
    min_size=1,
    max_size=7,
)

Test: TypeAlias = Callable[[Run], bool]


@dataclass
class Said:
    """A filter's text, and what it means."""

    text: str
    holds: Test
    about_datasets: bool = False
    binds: int = 3
    """3: a comparison or NOT, 2: AND, 1: OR."""


def like(value: str, pattern: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "%":
        return any(like(value[at:], pattern[1:]) for at in range(len(value) + 1))
    return bool(value) and pattern[0] in ("_", value[0]) and like(value[1:], pattern[1:])


def lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


ON_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "LIKE": like,
    "ILIKE": lambda a, b: like(lower(a), lower(b)),
}
ON_NUMBERS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def said_of_text(kind: str, key: str, operator: str, value: str) -> Said:
    value = value.replace("'", "")

    def holds(run: Run) -> bool:
        found = getattr(run, kind).get(key)
        return found is not None and ON_TEXT[operator](found, value)

    return Said(f"{kind}.`{key}` {operator} '{value}'", holds)


def said_of_null(kind: str, key: str, word: str) -> Said:
    return Said(
        f"{kind}.`{key}` {word}", lambda run: (key in getattr(run, kind)) is (word != "IS NULL")
    )


def said_of_metric(key: str, operator: str, value: float) -> Said:
    return Said(
        f"metrics.`{key}` {operator} {value}",
        lambda run: key in run.metrics and ON_NUMBERS[operator](run.metrics[key], value),
    )


def said_of_start(operator: str, value: int) -> Said:
    return Said(
        f"start_time {operator} {value}", lambda run: ON_NUMBERS[operator](run.start, value)
    )


def said_of_name(operator: str, value: str) -> Said:
    return Said(f"run_name {operator} '{value}'", lambda run: ON_TEXT[operator](run.name, value))


def said_of_dataset(name: str, operator: str) -> Said:
    return Said(
        f"dataset.name {operator} '{name}'",
        lambda run: any(ON_TEXT[operator](one, name) for one, _ in run.datasets),
        about_datasets=True,
    )


KIND = st.sampled_from(["params", "tags"])
COMPARISONS = st.one_of(
    st.builds(said_of_text, KIND, KEYS, st.sampled_from(sorted(ON_TEXT)), TEXTS),
    st.builds(said_of_null, KIND, KEYS, st.sampled_from(["IS NULL", "IS NOT NULL"])),
    st.builds(
        said_of_metric,
        st.sampled_from(["m", "n o", "nobody's"]),
        st.sampled_from(sorted(ON_NUMBERS)),
        st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]),
    ),
    st.builds(said_of_start, st.sampled_from(sorted(ON_NUMBERS)), st.integers(0, 3)),
    st.builds(said_of_name, st.sampled_from(sorted(ON_TEXT)), st.sampled_from(["r1", "r_", "R%"])),
    st.builds(said_of_dataset, st.sampled_from("de"), st.sampled_from(["=", "!="])),
)


def grouped(said: Said, binds: int) -> str:
    return said.text if said.binds >= binds else f"({said.text})"


def negation(said: Said) -> Said:
    return Said(
        f"NOT {grouped(said, 3)}", lambda run: not said.holds(run), said.about_datasets, binds=3
    )


def conjunction(parts: Sequence[Said]) -> Said:
    return Said(
        " AND ".join(grouped(part, 2) for part in parts),
        lambda run: all(part.holds(run) for part in parts),
        any(part.about_datasets for part in parts),
        binds=2,
    )


def disjunction(parts: Sequence[Said]) -> Said:
    return Said(
        " OR ".join(part.text for part in parts),
        lambda run: any(part.holds(run) for part in parts),
        any(part.about_datasets for part in parts),
        binds=1,
    )


FILTERS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        inner.map(negation),
        st.lists(inner, min_size=2, max_size=3).map(conjunction),
        st.lists(inner, min_size=2, max_size=3).map(disjunction),
    ),
    max_leaves=6,
)


def sent(number: float) -> float | str:
    """As protocol buffers' JSON has it."""
    if math.isinf(number):
        return "Infinity"
    return "NaN" if number != number else number


def recorded(given_runs: Sequence[Run]) -> Recorder:
    recorder = Recorder()
    for index, run in enumerate(given_runs):
        run.name = f"r{index}"
        body: dict[str, Any] = {"run_name": run.name, "start_time": run.start}
        run.run_id = recorder.record(runs.create_run, body)
        batch: dict[str, Any] = {
            "run_id": run.run_id,
            "params": [{"key": key, "value": value} for key, value in run.params.items()],
            "tags": [{"key": key, "value": value} for key, value in run.tags.items()],
            "metrics": [
                {"key": key, "value": number, "timestamp": at, "step": at}
                for key, last in run.metrics.items()
                for at, number in enumerate((9.0, sent(last)))
            ],
        }
        recorder.record(logs.log_batch, batch)
        datasets = [
            {"dataset": {"name": name, "digest": digest, "source": "s", "source_type": "t"}}
            for name, digest in run.datasets
        ]
        recorder.record(inputs.log_inputs, {"run_id": run.run_id, "datasets": datasets})
    return recorder


@pytest.fixture
def tables(tmp_path: Path) -> MetricTables:
    return MetricTables(tmp_path / "tables", clock=FrozenClock())


def fill(recorder: Recorder, graph: GraphStore, tables: MetricTables) -> None:
    new = Cursor(len(recorder.entries), (bytes(32),) * len(recorder.entries).bit_count())
    for store in (graph, tables):
        store.reset()
        store.apply(recorder.entries, old=Cursor(), new=new)


def frame_of(given_runs: Sequence[Run]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {"run_id": run.run_id, "run_name": run.name, "start_time": run.start}
        | {f"params.{key}": value for key, value in run.params.items()}
        | {f"tags.{key}": value for key, value in run.tags.items()}
        | {f"metrics.{key}": value for key, value in run.metrics.items()}
        for run in given_runs
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def place(value: Any) -> tuple[int, Any]:
    """Numbers and texts, then NaN, then nothing."""
    return (2, 0) if value is None else (0, value) if value == value else (1, 0)


def ordered(
    given_runs: Sequence[Run], read: Callable[[Run], Any], *, descending: bool
) -> list[str]:
    found = sorted(given_runs, key=lambda run: run.run_id)
    found.sort(key=lambda run: run.start, reverse=True)
    found.sort(key=lambda run: place(read(run))[1], reverse=descending)
    found.sort(key=lambda run: place(read(run))[0])
    return [run.run_id for run in found]


@contextmanager
def few_are(most: int) -> Generator[None]:
    """So many runs are few: with none, everything is walked and looked into."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_conditions, "FEW", most)
        patch.setattr(rare, "_RARE", most)
        yield


@given(
    given_runs=RUNS,
    filters=st.lists(FILTERS, min_size=10, max_size=10),
    few=st.sampled_from([0, 9]),
)
@explored
def test_every_store_and_every_door_find_the_same_runs(
    graph_store: GraphStore,
    tables: MetricTables,
    given_runs: list[Run],
    filters: list[Said],
    few: int,
) -> None:
    with few_are(few):
        check_doors(graph_store, tables, given_runs, filters)


def check_doors(
    graph_store: GraphStore, tables: MetricTables, given_runs: list[Run], filters: list[Said]
) -> None:
    recorder = recorded(given_runs)
    fill(recorder, graph_store, tables)
    size, frame = len(recorder.entries), frame_of(given_runs)
    for said in filters:
        wanted = {run.run_id for run in given_runs if said.holds(run)}
        search = RunSearch("p", ("0",), filter=said.text)
        page = search_runs(graph_store, tables, search, visible=size)
        assert {run.run_id for run in page.runs} == wanted, said.text
        which = selection("p", filter_text=said.text, deleted=False)
        assert set(all_ids(graph_store, tables, which, as_of=None)) == wanted
        chosen = resolve(
            Filtered(said.text, ()),
            project="p",
            graph=graph_store,
            metrics=tables,
            replicates=(),
            as_of=size,
        )
        assert set(chosen.run_ids) == wanted
        if not said.about_datasets:
            found = frame.filter(run_expression(said.text, frame.columns))
            assert set(found["run_id"]) == wanted, said.text


ORDERS: Mapping[str, Callable[[Run], Any]] = {
    "metrics.m": lambda run: run.metrics.get("m"),
    "metrics.`n o`": lambda run: run.metrics.get("n o"),
    "metrics.nobody": lambda run: None,
    "start_time": lambda run: run.start,
}


@given(
    given_runs=RUNS,
    said=FILTERS,
    order=st.sampled_from(sorted(ORDERS)),
    descending=st.booleans(),
    size=st.integers(1, 4),
    few=st.sampled_from([0, 9]),
)
@explored
def test_pages_in_any_order_are_the_whole_list(
    graph_store: GraphStore,
    tables: MetricTables,
    given_runs: list[Run],
    said: Said,
    order: str,
    descending: bool,
    size: int,
    few: int,
) -> None:
    recorder = recorded(given_runs)
    fill(recorder, graph_store, tables)
    order_by = f"{order} {'DESC' if descending else 'ASC'}"
    with few_are(few):
        found = paged(graph_store, tables, len(recorder.entries), said.text, order_by, size)
    expected = [run for run in given_runs if said.holds(run)]
    assert found == ordered(expected, ORDERS[order], descending=descending)


def paged(
    graph: GraphStore, tables: MetricTables, visible: int, text: str, order_by: str, size: int
) -> list[str]:
    """The run ids of all pages."""
    found: list[str] = []
    token = ""
    while True:
        search = RunSearch(
            "p",
            ("0",),
            filter=text,
            order_by=(order_by,),
            max_results=size,
            page_token=token,
        )
        page = search_runs(graph, tables, search, visible=visible)
        found += [run.run_id for run in page.runs]
        token = page.next_page_token
        if not token:
            return found
