"""Planned entries over a store read as if they were applied."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.memory import MemoryGraph
from graph.model import LINEAGE, EdgeType, NodeKind
from graph.overlay import GraphState, Overlay
from graph.port import Condition, Direction, GraphStore, NodeQuery, Operator
from graph.projector import mutations
from ledger.entry import Entry
from tests.conformance.entries import (
    experiment_created,
    histories,
    numbered,
    run_logged,
    run_started,
    use,
)
from tests.conformance.graph_reads import fill, remembered


def overlay(store: GraphStore, entries: Sequence[Entry], applied: int) -> Overlay:
    fill(store, entries[:applied])
    planned = Overlay(store)
    for entry in entries[applied:]:
        planned.apply(mutations(entry), entry.seq)
    return planned


SHAPES: list[dict[str, Any]] = [
    {},
    {"limit": 1},
    {"descending": True, "limit": 2},
    {"after": (1, "run:r2"), "limit": 2},
    {"after": (2, "x"), "descending": True},
]


def queries(shape: dict[str, Any]) -> list[NodeQuery]:
    conditions = [
        (),
        (Condition("name", Operator.EQ, "train"),),
        (Condition("name", Operator.EQ, "a"), Condition("user", Operator.NE, "b")),
        (Condition("tags.lr", Operator.IS_NULL),),
        (Condition("lifecycle", Operator.EQ, "active"),),
    ]
    kinds = (NodeKind.RUN, NodeKind.ARTIFACT, NodeKind.EXPERIMENT)
    return [NodeQuery("default", kind, one, **shape) for kind, one in product(kinds, conditions)]


def assert_same(planned: GraphState, whole: MemoryGraph, shape: dict[str, Any]) -> None:
    ids = [node.id for kind in NodeKind for node in whole.find(NodeQuery("default", kind))]
    ids += [node.id for kind in NodeKind for node in whole.find(NodeQuery("other", kind))]
    ids.append("run:unknown")
    assert planned.nodes(ids) == whole.nodes(ids)
    names = ("name", "tags.lr")
    assert planned.nodes(ids, names=names) == whole.nodes(ids, names=names)
    assert planned.outgoing(ids) == whole.outgoing(ids)
    types = (EdgeType.USED, EdgeType.WAS_INFORMED_BY)
    assert planned.outgoing(ids, types=types) == whole.outgoing(ids, types=types)
    for query in queries(shape):
        assert list(planned.find(query)) == list(whole.find(query)), query
    for direction, id_ in product(Direction, ids):
        found = planned.reachable([id_], direction=direction, types=LINEAGE)
        assert found == whole.reachable([id_], direction=direction, types=LINEAGE), id_


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(entries=histories(), applied=st.integers(0, 12), shape=st.sampled_from(SHAPES))
def test_what_is_planned_reads_as_if_it_were_applied(
    graph_store: GraphStore, entries: list[Entry], applied: int, shape: dict[str, Any]
) -> None:
    assert_same(overlay(graph_store, entries, applied), remembered(entries), shape)


@pytest.mark.parametrize("applied", [0, 2, 4, 6])
def test_a_path_may_lead_through_the_store_and_the_plan_by_turns(
    graph_store: GraphStore, applied: int
) -> None:
    said = [
        ("run.started", "default", run_started("r1")),
        ("run.outputs_logged", "default", {"run_id": "r1", "generates": [use("a")]}),
        ("run.started", "default", run_started("r3", uses=[use("b")])),
        ("experiment.created", "default", experiment_created("0")),
        ("run.started", "default", run_started("r2", uses=[use("a")])),
        ("run.outputs_logged", "default", {"run_id": "r2", "generates": [use("b")]}),
        ("run.logged", "default", run_logged("r1", parent_run_id="r4")),
    ]
    entries = numbered(said)
    planned = overlay(graph_store, entries, applied)
    downstream = planned.reachable(["run:r1"], direction=Direction.DOWNSTREAM, types=LINEAGE)
    assert {"run:r1", "run:r2", "run:r3"} < downstream
    assert_same(planned, remembered(entries), {"limit": 1})


def test_what_a_read_gave_does_not_change_afterwards() -> None:
    planned = overlay(MemoryGraph(), numbered([("run.started", "default", run_started("r1"))]), 1)
    before = planned.nodes(["run:r1"])["run:r1"]
    (change,) = numbered([("run.updated", "default", {"run_id": "r1", "status": "FAILED"})])
    planned.apply(mutations(change), 1)
    assert before.attributes["status"] == "RUNNING"
    assert planned.nodes(["run:r1"])["run:r1"].attributes["status"] == "FAILED"
