"""Nodes ahead of their store: the same as in a store that has applied everything."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import ErrorCode, IntegrityError
from graph import ahead
from graph.ahead import GraphAhead
from graph.memory import MemoryGraph
from graph.model import NodeKind, node_id
from graph.port import GraphStore, NodeQuery
from ledger import merkle
from ledger.entry import Entry
from ledger.projection import Cursor, catch_up
from tests.conformance.entries import histories, numbered, run_logged, run_started

NAMES = ("name", "lifecycle", "params.lr", "tags.lr", "no.such")


class ListedLog:
    """A ledger in a list; ``entries[:size]`` are committed."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = [replace(one, data=repr(one).encode()) for one in entries]
        self.size = 0

    def head(self) -> Cursor:
        return Cursor(*merkle.extend(0, (), self.leaves(0, self.size)))

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        return (merkle.leaf_hash(one.data) for one in self.read(start, stop))

    def read(self, start: int, stop: int) -> Iterator[Entry]:
        return iter(self.entries[start : min(stop, self.size)])


def over(log: ListedLog, store: GraphStore) -> GraphAhead:
    return GraphAhead(log, store, lambda: catch_up(log, store))


def whole(log: ListedLog) -> MemoryGraph:
    memory = MemoryGraph()
    catch_up(log, memory)
    return memory


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(data=st.data())
def test_nodes_are_those_of_everything_committed(
    graph_store: GraphStore, data: st.DataObject
) -> None:
    """However far the store has come meanwhile, emptied for a rebuild or not."""
    graph_store.reset()
    log = ListedLog(data.draw(histories()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "HELD", data.draw(st.integers(0, 6)))
        patch.setattr(ahead, "KNOWN", data.draw(st.integers(1, 6)))
        reader = over(log, graph_store)
        while log.size < len(log.entries):
            log.size += data.draw(st.integers(1, 4))
            log.size = min(log.size, len(log.entries))
            assert reader.advance() == log.size
            if data.draw(st.booleans()):
                catch_up(log, graph_store, upto=data.draw(st.integers(0, log.size)))
            if data.draw(st.integers(0, 9)) == 0:
                graph_store.reset()
            expected = whole(log)
            every = sorted(found_in(expected))
            asked = [*every, node_id(NodeKind.RUN, "nobody")]
            assert reader.nodes(asked) == expected.nodes(asked)
            assert reader.nodes(asked, names=NAMES) == expected.nodes(asked, names=NAMES)


def found_in(graph: MemoryGraph) -> list[str]:
    queries = [NodeQuery(p, kind) for p in ("default", "other") for kind in NodeKind]
    return [node.id for query in queries for node in graph.find(query)]


def test_other_reads_see_everything_committed(graph_store: GraphStore) -> None:
    log = ListedLog(numbered([("run.started", "default", run_started("r1", tags={"a": "b"}))]))
    reader = over(log, graph_store)
    log.size = 1
    assert [node.id for node in reader.find(NodeQuery("default", NodeKind.RUN))] == ["run:r1"]
    assert reader.nodes(["run:r1"]) == {}, "nodes are as of the last advance"
    reader.advance()
    assert reader.nodes(["run:r1"]) == graph_store.nodes(["run:r1"])


def test_a_ledger_that_is_not_the_one_is_refused() -> None:
    said = [("run.started", "default", run_started("r1"))]
    said += [("run.logged", "default", run_logged("r1", params={"lr": str(n)})) for n in range(3)]
    log = ListedLog(numbered(said))
    reader = over(log, MemoryGraph())
    log.size = 3
    reader.advance()
    log.size = 2
    with pytest.raises(IntegrityError) as rolled_back:
        reader.advance()
    assert rolled_back.value.code is ErrorCode.LEDGER_ROLLED_BACK
    log.size = 4
    log.entries[1] = replace(log.entries[1], data=b"other")
    with pytest.raises(IntegrityError) as tampered:
        reader.advance()
    assert tampered.value.code is ErrorCode.LEDGER_TAMPERED
    assert reader.nodes(["run:r1"], names=["params.lr"])["run:r1"].attributes == {"params.lr": "1"}


def test_what_was_said_of_a_node_before_it_was_made_says_nothing() -> None:
    said = [
        ("run.logged", "default", run_logged("r1", params={"lr": "1"})),
        ("run.started", "default", run_started("r1")),
        ("run.logged", "default", run_logged("r1", params={"seed": "2"})),
    ]
    log = ListedLog(numbered(said))
    reader = over(log, MemoryGraph())
    for size in (1, 2, 3):
        log.size = size
        reader.advance()
        assert reader.nodes(["run:r1"]) == whole(log).nodes(["run:r1"])
