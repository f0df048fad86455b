"""The delta index: incremental as rebuilt, and what it finds is what brute force finds."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.delta_index.index import DeltaIndex, Group
from analytics.delta_index.slots import PARAM, slot_values
from analytics.delta_index.sqlite import DeltaIndexFile
from analytics.facts import RunFacts, gather_facts
from analytics.groups import group_runs
from domain.errors import StaleError
from domain.facet import DEFAULT_REPLICATE_KEYS
from graph.memory import MemoryGraph
from ledger.entry import Entry
from ledger.projection import Cursor
from tests.analytics.world import World, code, eval_data, train_data

RUNS = ("r0", "r1", "r2", "r3")
_entry = st.one_of(
    st.tuples(st.just("run.started"), st.sampled_from(RUNS), st.sampled_from(["d1", "d2", ""])),
    st.tuples(st.just("params"), st.sampled_from(RUNS), st.sampled_from(["alpha=1", "alpha=2"])),
    st.tuples(st.just("params"), st.sampled_from(RUNS), st.sampled_from(["beta=1", "seed=7"])),
    st.tuples(st.just("tag"), st.sampled_from(RUNS), st.sampled_from(["eval_code", "hardware"])),
    st.tuples(st.just("untag"), st.sampled_from(RUNS), st.just("eval_code")),
    st.tuples(st.just("input"), st.sampled_from(RUNS), st.sampled_from(["d1", "d3"])),
    st.tuples(st.just("run.updated"), st.sampled_from(RUNS), st.sampled_from(["FINISHED"] * 3)),
    st.tuples(st.just("run.updated"), st.sampled_from(RUNS), st.just("FAILED")),
    st.tuples(st.just("run.deleted"), st.sampled_from(RUNS), st.just("")),
    st.tuples(st.just("run.restored"), st.sampled_from(RUNS), st.just("")),
)


def entries_of(said: Sequence[tuple[str, str, str]]) -> list[Entry]:
    """Every run is started first: what names an unknown run is not in a ledger."""
    told = [("run.started", run, "d1") for run in RUNS[:2]] + list(said)
    started: set[str] = set()
    entries: list[Entry] = []
    for kind, run, value in told:
        if kind != "run.started" and run not in started:
            continue
        started.add(run)
        entry_type, payload = _payload(kind, run, value)
        seq = len(entries)
        entries.append(Entry(seq, entry_type, "default", "", "t", str(seq), 0, 1, payload, b""))
    return entries


def _payload(kind: str, run: str, value: str) -> tuple[str, Any]:
    if kind == "run.started":
        uses = [train_data(value)] if value else []
        about = {"start_time": 0, "tags": {}, "parent_run_id": "", "job": "", "uses": uses}
        return kind, {"run_id": run, "experiment_id": "0", "name": run, "user": "", **about}
    if kind == "run.updated":
        return kind, {"run_id": run, "status": value}
    if kind == "input":
        return "run.inputs_logged", {"run_id": run, "uses": [train_data(value)]}
    if kind == "untag":
        return "run.tag_deleted", {"run_id": run, "key": f"lineproof.facet.{value}"}
    logged = {"run_id": run, "metrics": [], "params": {}, "tags": {}, "uses": []}
    if kind == "params":
        name, _, text = value.partition("=")
        return "run.logged", {**logged, "params": {name: text}}
    if kind == "tag":
        return "run.logged", {**logged, "tags": {f"lineproof.facet.{value}": "v1"}}
    return kind, {"run_id": run}


@contextmanager
def opened() -> Iterator[DeltaIndexFile]:
    with tempfile.TemporaryDirectory() as folder:
        file = DeltaIndexFile(Path(folder) / "deltas.db")
        try:
            yield file
        finally:
            file.close()


def apply(projection: Any, entries: Sequence[Entry], pieces: Sequence[int] = ()) -> None:
    start = 0
    for stop in sorted({*(p % (len(entries) + 1) for p in pieces), len(entries)} - {0}):
        old, new = Cursor(start), Cursor(stop)
        projection.apply(entries[start:stop], old=old, new=new)
        start = stop


@given(st.lists(_entry, max_size=25), st.lists(st.integers(0, 40), max_size=4))
@settings(max_examples=60, deadline=None)
def test_in_pieces_as_at_once_and_as_brute_force(
    said: list[tuple[str, str, str]], pieces: list[int]
) -> None:
    entries = entries_of(said)
    graph = MemoryGraph()
    apply(graph, entries)
    with opened() as file, opened() as other:
        apply(file, entries, pieces)
        apply(other, entries)
        assert list(file.dump()) == list(other.dump())
        index = DeltaIndex(file)
        for as_of in (None, *range(len(entries), -1, -3)):
            facts = finished(graph, as_of)
            for slot in ("TRAIN_DATA", "EVAL_CODE", "PARAMS", f"{PARAM}alpha", f"{PARAM}beta"):
                found = index.classes("default", slot, as_of=as_of)
                assert set(map(runs_of, found)) == differing_in(slot, facts)
            for each in facts:
                near = index.neighbours("default", each.run_id, as_of=as_of)
                assert {group.group.run_ids for group in near} == neighbours_of(each, facts)
        file.reset()
        assert list(file.dump()) == []
        apply(file, entries)
        assert list(file.dump()) == list(other.dump())


def finished(graph: MemoryGraph, as_of: int | None) -> list[RunFacts]:
    ids = [run for run in RUNS if f"run:{run}" in graph.nodes([f"run:{run}"], as_of=as_of)]
    facts = gather_facts(graph, World(), ids, as_of=as_of)
    return [each for each in facts if each.status == "FINISHED" and not each.deleted]


def without(facts: RunFacts, slot: str) -> frozenset[tuple[str, bytes]]:
    """Every slot but one; ``PARAMS`` stands for each of its parameters."""
    return frozenset(
        (name, value)
        for name, value in slot_values(facts).items()
        if name not in (slot, "PARAMS") and not (slot == "PARAMS" and name.startswith(PARAM))
    )


def differing_in(slot: str, facts: list[RunFacts]) -> set[tuple[tuple[str, ...], ...]]:
    classes: dict[object, list[tuple[bytes | None, tuple[str, ...], int]]] = {}
    for members in group_runs(facts, DEFAULT_REPLICATE_KEYS).values():
        value = slot_values(members[0]).get(slot)
        runs = tuple(each.run_id for each in members)
        classes.setdefault(without(members[0], slot), []).append((value, runs, members[0].seq))
    return {
        tuple(runs for _, runs, _ in sorted(groups, key=lambda each: each[2]))
        for groups in classes.values()
        if len({value for value, _, _ in groups}) > 1
    }


def runs_of(groups: tuple[Group, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(group.run_ids for group in groups)


def neighbours_of(run: RunFacts, facts: list[RunFacts]) -> set[tuple[str, ...]]:
    own = slot_values(run)
    found: set[tuple[str, ...]] = set()
    for members in group_runs(facts, DEFAULT_REPLICATE_KEYS).values():
        other = slot_values(members[0])
        slots = {slot for slot in own | other if own.get(slot) != other.get(slot)} - {"PARAMS"}
        params = slots and all(slot.startswith(PARAM) for slot in slots)
        comparable = not slots & {"EVAL_CODE", "EVAL_DATA", "METRIC_DEF"}
        if comparable and (len(slots) == 1 or params):
            found.add(tuple(each.run_id for each in members))
    return found


def test_late_data_moves_a_run_to_another_group() -> None:
    entries = entries_of(
        [
            ("run.started", "r0", "d1"),
            ("run.started", "r1", "d1"),
            ("run.updated", "r0", "FINISHED"),
            ("run.updated", "r1", "FINISHED"),
            ("params", "r1", "alpha=2"),
        ]
    )
    with opened() as file:
        apply(file, entries)
        index = DeltaIndex(file)
        size = len(entries)
        assert index.classes("default", f"{PARAM}alpha", as_of=size - 1) == []
        (groups,) = index.classes("default", f"{PARAM}alpha", as_of=size)
        assert runs_of(groups) == (("r0",), ("r1",))
        assert index.classes("elsewhere", f"{PARAM}alpha", as_of=size) == []


def test_a_stale_cursor_changes_nothing() -> None:
    entries = entries_of([("run.updated", "r0", "FINISHED")])
    with opened() as file:
        apply(file, entries)
        before = list(file.dump())
        with pytest.raises(StaleError):
            file.apply(entries, old=Cursor(0), new=Cursor(len(entries)))
        assert list(file.dump()) == before
        assert file.cursor() == Cursor(len(entries))


def test_pairs_go_from_one_value_to_the_other() -> None:
    world = World()
    for number, (data, alpha) in enumerate(
        [("d1", "1"), ("d1", "1"), ("d2", "1"), ("d2", "1"), ("d1", "2")]
    ):
        world.run(
            f"r{number}",
            train_data(data),
            eval_data("e"),
            code("c1"),
            params={"alpha": alpha, "seed": str(number)},
        )
    with opened() as file:
        apply(file, world.entries)
        index = DeltaIndex(file)
        facts = {each.run_id: slot_values(each) for each in world.facts(["r0", "r2", "r4"])}
        first, second = facts["r0"]["TRAIN_DATA"], facts["r2"]["TRAIN_DATA"]
        (pair,) = index.pairs("default", "TRAIN_DATA", first, second, as_of=None)
        assert runs_of(pair) == (("r0", "r1"), ("r2", "r3"))
        (back,) = index.pairs("default", "TRAIN_DATA", second, first, as_of=None)
        assert runs_of(back) == (("r2", "r3"), ("r0", "r1"))
        assert index.pairs("default", "TRAIN_DATA", first, None, as_of=None) == []
