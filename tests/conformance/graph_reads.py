"""What the contract of graph stores asks of a filled store: every read, on many conditions."""

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings

from graph.clause import AllOf, AnyOf, Clause, Not
from graph.memory import MemoryGraph
from graph.model import LINEAGE, NodeKind
from graph.port import (
    Among,
    Condition,
    Direction,
    GraphReader,
    GraphStore,
    NodeQuery,
    NodeStatement,
    Operator,
    Order,
)
from ledger.entry import Entry
from tests.conformance.entries import (
    HOSTILE,
    cursor,
)

explored = settings(
    max_examples=10,
    deadline=None,
    # One test runs for several stores, each made once and emptied for every example.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def fill(store: GraphStore, entries: Sequence[Entry], cuts: Sequence[int] = ()) -> None:
    """Apply ``entries`` to an emptied store, in the pieces that ``cuts`` make."""
    store.reset()
    ends = sorted({min(cut, len(entries)) for cut in cuts} | {len(entries)} - {0})
    start = 0
    for end in ends:
        store.apply(entries[start:end], old=cursor(start), new=cursor(end))
        start = end


def remembered(entries: Sequence[Entry]) -> MemoryGraph:
    memory = MemoryGraph()
    fill(memory, entries)
    return memory


def runs(conditions: Sequence[Clause[NodeStatement]] = (), **more: Any) -> NodeQuery:
    return NodeQuery("default", NodeKind.RUN, tuple(conditions), **more)


def ids(store: GraphReader, *conditions: Condition, as_of: int | None = None) -> list[str]:
    return [node.id for node in store.find(runs(conditions), as_of=as_of)]


OTHER_RUNS = NodeQuery("other", NodeKind.RUN)

CONDITIONS = (
    Condition("params.lr", Operator.IS_NULL),
    Condition("params.lr", Operator.NE, "a"),
    Condition("name", Operator.LIKE, "%a_"),
    Condition("name", Operator.ILIKE, "A%é%"),
    Condition("name", Operator.GE, "\uffff"),
    Condition("start_time", Operator.GT, 0),
    Condition("status", Operator.IN, ("FINISHED", "FAILED", 1)),
    Condition(f"tags.{HOSTILE[2]}", Operator.IS_NOT_NULL),
    Not(Condition("params.lr", Operator.EQ, "a")),
    AnyOf(
        (
            Condition("params.lr", Operator.EQ, "a"),
            AllOf((Not(Condition("name", Operator.LIKE, "a%")), Among(("run:r1", "run:nobody")))),
        )
    ),
    Not(Among(("run:r2",))),
    AllOf(()),
    AnyOf(()),
)

ORDERS = (
    (),
    (Order("start_time", descending=True),),
    (Order("params.lr"), Order("start_time")),
    (Order("params.lr", descending=True), Order("name")),
    (Order("end_time"), Order("name", descending=True)),
)


def everything(store: GraphReader, as_of: int | None) -> list[object]:
    """The answers of all reads that take ``as_of``."""
    found: list[object] = []
    known: list[str] = []
    for query in [*(NodeQuery("default", kind) for kind in NodeKind), OTHER_RUNS]:
        nodes = store.find(query, as_of=as_of)
        found += nodes
        known += [node.id for node in nodes]
    asked = [*known, "run:nobody"]
    found += [store.nodes(asked, as_of=as_of), store.outgoing(asked, as_of=as_of)]
    found.append(store.nodes(asked, names=["name", "params.lr", "nothing"], as_of=as_of))
    for limit in (1, 3, None):
        found += [store.find_ids(runs(limit=limit), order=o, as_of=as_of) for o in ORDERS]
    found.append(store.incoming(asked, types=LINEAGE, as_of=as_of))
    for condition in CONDITIONS:
        query = runs([condition], descending=True)
        found += [store.find(query, as_of=as_of), store.count(query, as_of=as_of)]
        found += [store.find_ids(query, order=order, as_of=as_of) for order in ORDERS]
    return found + closures(store, as_of)


def closures(store: GraphReader, as_of: int | None) -> list[object]:
    return [
        store.closure(
            ["run:r1", "run:r2", "run:nobody"],
            direction=direction,
            types=LINEAGE,
            depth=depth,
            limit=limit,
            as_of=as_of,
        )
        for direction in Direction
        for depth, limit in ((None, None), (1, None), (None, 2), (3, 4))
    ]
