"""Subscriptions over a real socket at a real server: what is told, in which order, and when."""

import itertools
import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.clock import FrozenClock
from domain.ids import derived_id
from graph.port import GraphStore
from ledger.entry import Draft
from ledger.log import Log
from tests.e2e.mlflow_server import RunningServer, running_server
from tests.lineproof.graphql_client import GraphQLClient, connected
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

LEDGER = """subscription L($after: BigInt, $kinds: [String!]) {
  ledger(afterSeq: $after, kinds: $kinds) { leafIndex type } }"""
VERDICT = """subscription V($id: ID!) { verdict(id: $id) {
  id verdictId outcome subject { runs { runId } } proof { leafIndex } } }"""


@pytest.fixture
def server(tmp_path: Path, graph_store: GraphStore) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data", graph_store) as running:
        yield running


def drafts(
    name: str, count: int, project: str = "default", type_: str = "note.made"
) -> list[Draft]:
    return [
        Draft(type_, project, "tester", "test", f"{name}/{number}", {"number": number})
        for number in range(count)
    ]


def seqs_of(server: RunningServer, project: str = "default") -> list[int]:
    log = server.services.log
    return [each.seq for each in log.read(0, log.head().size) if each.project == project]


def followed(client: GraphQLClient, operation: str, count: int) -> list[int]:
    """The positions of the next entries."""
    return [int(client.data(operation)["ledger"]["leafIndex"]) for _ in range(count)]


def post(server: RunningServer, path: str, body: bytes, kind: str) -> dict[str, Any]:
    request = urllib.request.Request(server.url + path, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def gate(server: RunningServer, key: str | None = None) -> dict[str, Any]:
    request = {
        "policy": "release",
        "candidate": {"runs": list(WORSE)},
        "baseline": {"runs": list(GOOD)},
        "idempotencyKey": key,
    }
    return post(server, "/gate", json.dumps(request).encode(), "application/json")


def test_every_entry_is_told_once_in_order_whoever_writes_meanwhile(server: RunningServer) -> None:
    log = server.services.log
    log.append(drafts("before", 40) + drafts("foreign", 5, "other"))

    def write(name: str) -> None:
        for number in range(20):
            log.append(drafts(f"{name}{number}", 3) + drafts(f"{name}{number}", 1, "other"))

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    with connected(server.url) as client:
        operation = client.subscribe(LEDGER)
        for writer in writers:
            writer.start()
        told = followed(client, operation, 40 + 3 * 20 * 3)
        for writer in writers:
            writer.join()
        assert told == seqs_of(server)
        log.append(drafts("after", 1, "other") + drafts("after", 1))
        assert followed(client, operation, 1) == [log.head().size - 1]


def test_a_client_that_comes_back_misses_nothing_and_sees_nothing_twice(
    server: RunningServer,
) -> None:
    stop = threading.Event()

    def write() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            server.services.log.append(drafts(f"w{number}", 2) + drafts(f"w{number}", 1, "other"))

    writer = threading.Thread(target=write)
    writer.start()
    told: list[int] = []
    try:
        for count in (1, 7, 30, 16, 17):
            with connected(server.url) as client:
                after = str(told[-1]) if told else None
                told += followed(client, client.subscribe(LEDGER, after=after), count)
    finally:
        stop.set()
        writer.join()
    assert told == seqs_of(server)[: len(told)]


def test_only_the_kinds_asked_for_and_only_the_project(server: RunningServer) -> None:
    log = server.services.log
    log.append(drafts("a", 3) + drafts("b", 2, type_="run.started") + drafts("c", 2, "other"))
    with connected(server.url) as client, connected(server.url, "other") as other:
        kinds = client.subscribe(LEDGER, kinds=["run.started", "run.deleted"])
        assert followed(client, kinds, 2) == [3, 4]
        log.append(drafts("d", 1) + drafts("e", 1, type_="run.deleted"))
        assert client.data(kinds)["ledger"] == {"leafIndex": "8", "type": "run.deleted"}
        assert followed(other, other.subscribe(LEDGER), 2) == [5, 6]


def test_what_another_process_appends_is_told(server: RunningServer, tmp_path: Path) -> None:
    beside = Log.open(tmp_path / "data", clock=FrozenClock(1), background=False)
    try:
        with connected(server.url) as client:
            operation = client.subscribe(LEDGER)
            beside.append(drafts("beside", 2))
            assert followed(client, operation, 2) == [0, 1]
    finally:
        beside.close()


def test_an_entry_is_told_as_the_query_tells_it(server: RunningServer) -> None:
    server.services.log.append(drafts("one", 1))
    fields = "id leafIndex type actor source idempotencyKey at schemaVersion payload leafHash"
    fields += " proof { text }"
    with connected(server.url) as client:
        data = client.data(client.subscribe("subscription { ledger { " + fields + " } }"))
    query = "{ ledgerEntry(leafIndex: 0) { " + fields + " } }"
    body = json.dumps({"query": query}).encode()
    asked = post(server, "/graphql", body, "application/json")["data"]
    assert data["ledger"] == asked["ledgerEntry"]


def test_a_verdict_is_told_as_soon_as_it_is_recorded(server: RunningServer) -> None:
    plant_runs(server.services.log)
    post(server, "/policies", POLICY.encode(), "application/yaml")
    awaited = derived_id("verdict", "default", "key", "build-7")
    with connected(server.url) as client, connected(server.url, "other") as other:
        operation = client.subscribe(VERDICT, id=awaited)
        elsewhere = other.subscribe(VERDICT, id=awaited)
        with pytest.raises(TimeoutError):
            client.receive(timeout=0.3)
        recorded = gate(server, "build-7")
        assert recorded["id"] == awaited
        told = client.data(operation)["verdict"]
        assert (told["verdictId"], told["outcome"]) == (awaited, "FAIL")
        assert told["proof"]["leafIndex"] == str(recorded["leafIndex"])
        assert {run["runId"] for run in told["subject"]["runs"]} == set(WORSE)
        assert client.receive() == {"id": operation, "type": "complete"}
        # By now it is there, and it is the same however often and by whichever id it is asked for.
        for verdict_id in (awaited, told["id"]):
            again = client.subscribe(VERDICT, id=verdict_id)
            assert client.data(again)["verdict"] == told
            assert client.receive() == {"id": again, "type": "complete"}
        # Another project hears nothing of it, though it heard of everything else.
        server.services.log.append(drafts("o", 1, "other"))
        heard = other.subscribe(LEDGER)
        assert other.receive()["id"] == heard
        with pytest.raises(TimeoutError):
            other.receive(timeout=0.3)
        other.send(id=elsewhere, type="complete")


def test_many_follow_over_one_socket(server: RunningServer) -> None:
    with connected(server.url) as client:
        operations = [client.subscribe(LEDGER) for _ in range(50)]
        server.services.log.append(drafts("x", 3))
        heard: dict[str, list[str]] = {operation: [] for operation in operations}
        for _ in range(150):
            message = client.receive()
            heard[message["id"]].append(message["payload"]["data"]["ledger"]["leafIndex"])
        assert all(seqs == ["0", "1", "2"] for seqs in heard.values())
