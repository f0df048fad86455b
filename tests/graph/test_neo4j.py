"""What only the Neo4j store promises: its server may go away, and analysts read it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import neo4j
import pytest

from domain.errors import BackendError, StaleError, UsageError
from graph.model import NodeKind
from graph.neo4j import Neo4jGraph
from graph.port import Condition, NodeQuery, Operator
from ledger.projection import Cursor
from tests.conformance.entries import HOSTILE, cursor, entry, run_logged, run_started, use

STARTED = [entry(0, "run.started", run_started("r1"))]


@pytest.fixture(autouse=True)
def _only_when_asked(request: pytest.FixtureRequest) -> None:
    if "neo4j" not in str(request.config.getoption("--graph")).split(","):
        pytest.skip("--graph leaves Neo4j out")


@pytest.fixture
def store(neo4j_url: str) -> Iterator[Neo4jGraph]:
    graph = Neo4jGraph(neo4j_url)
    graph.reset()
    yield graph
    graph.close()


@pytest.fixture
def driver(neo4j_url: str) -> Iterator[neo4j.Driver]:
    with neo4j.GraphDatabase.driver(neo4j_url) as one:
        yield one


def test_analysts_find_the_current_values_as_properties(
    store: Neo4jGraph, driver: neo4j.Driver
) -> None:
    uses = [use("train", tags={"t": "1"})]
    hostile = {name: name for name in HOSTILE}
    entries = [
        entry(0, "run.started", run_started("r1", uses=uses, tags={"gone": "x"})),
        entry(1, "run.logged", run_logged("r1", params={"lr": "0.1"}, tags=hostile)),
        entry(2, "run.updated", {"run_id": "r1", "status": "FINISHED"}),
        entry(3, "run.tag_deleted", {"run_id": "r1", "key": "gone"}),
    ]
    store.apply(entries, old=Cursor(), new=cursor(4))
    found = driver.execute_query(
        "MATCH (r:RUN)-[:USED {role: 'training'}]->(d:ARTIFACT)"
        " RETURN r.status, r.`params.lr`, r.seq, d.name, properties(r) AS all"
    ).records
    assert [record.values()[:4] for record in found] == [["FINISHED", "0.1", 0, "train"]]
    assert {f"tags.{name}" for name in HOSTILE} <= set(found[0]["all"])
    assert "tags.gone" not in found[0]["all"]
    assert not [name for name in found[0]["all"] if name.startswith("input_tags")]


def test_a_reset_leaves_other_peoples_nodes_alone(store: Neo4jGraph, driver: neo4j.Driver) -> None:
    driver.execute_query("CREATE (:Stranger)")
    store.apply(STARTED, old=Cursor(), new=cursor(1))
    store.reset()
    count = "MATCH (n) WHERE NOT n:Cursor RETURN count(n)"
    assert driver.execute_query(count).records[0].value() == 1
    driver.execute_query("MATCH (n:Stranger) DELETE n")


def test_a_graph_of_another_version_is_emptied(
    store: Neo4jGraph, driver: neo4j.Driver, neo4j_url: str
) -> None:
    store.apply(STARTED, old=Cursor(), new=cursor(1))
    driver.execute_query("MATCH (c:Cursor) SET c.version = 7")
    with pytest.raises(StaleError):
        store.apply([entry(1, "run.deleted", {"run_id": "r1"})], old=cursor(1), new=cursor(2))
    again = Neo4jGraph(neo4j_url)
    assert again.cursor() == Cursor()
    assert list(again.dump()) == []
    again.close()


def test_a_server_that_is_away_is_a_typed_error() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(BackendError):
        Neo4jGraph(f"bolt://127.0.0.1:{port}")
    with pytest.raises(BackendError):
        Neo4jGraph("gopher://127.0.0.1")


def test_text_that_no_server_takes_is_a_typed_error(store: Neo4jGraph) -> None:
    condition = Condition("name", Operator.EQ, "\ud800")
    with pytest.raises(UsageError):
        store.find(NodeQuery("default", NodeKind.RUN, (condition,)))


class _CutAtCommit:
    """A proxy that breaks the first connection on which a client says COMMIT.

    ``deliver`` says whether the server still hears it: committed without an answer, or not at all.
    """

    _COMMIT = b"\xb0\x12"
    """The bolt message COMMIT: a structure without fields and its tag."""

    def __init__(self, port: int, *, deliver: bool) -> None:
        self._server = port
        self._deliver = deliver
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=(*pair, client), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source is client and self._COMMIT in data and not self.cuts:
                    self.cuts += 1
                    if self._deliver:
                        client.shutdown(socket.SHUT_RDWR)
                        sink.sendall(data)
                        sink.recv(65536)
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes the other direction, which close does not
            end.close()


@pytest.mark.parametrize("deliver", [True, False])
def test_an_unknown_commit_is_settled_by_the_cursor(
    store: Neo4jGraph, neo4j_url: str, deliver: bool
) -> None:
    port = int(neo4j_url.rpartition(":")[2])
    proxied = _CutAtCommit(port, deliver=deliver)
    try:
        proxied.cuts = 1
        through = Neo4jGraph(f"bolt://127.0.0.1:{proxied.port}")
        proxied.cuts = 0
        if deliver:
            through.apply(STARTED, old=Cursor(), new=cursor(1))
        else:
            with pytest.raises(BackendError):
                through.apply(STARTED, old=Cursor(), new=cursor(1))
        assert proxied.cuts == 1
        assert store.cursor() == (cursor(1) if deliver else Cursor())
        assert store.count(NodeQuery("default", NodeKind.RUN)) == int(deliver)
        through.close()
    finally:
        proxied.close()
