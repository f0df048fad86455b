"""Which version of a dataset a run read, in whatever order the events come."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.facts import gather_facts
from graph.model import LINEAGE, EdgeType, NodeKind, node_id
from graph.port import Direction, GraphStore
from lineproof.lineage_events import LineageEvents
from lineproof.services import Services
from tests.lineproof.lineage import edges, event, opened, table

EARLY, LATE, READER = (f"01941a6e-0c00-7000-8000-0000000000{n}" for n in ("a1", "a2", "b1"))
ORDERS = list(itertools.permutations(range(4)))


@pytest.fixture
def services(tmp_path: Path, graph_store: GraphStore) -> Iterator[Services]:
    with opened(tmp_path, graph_store) as services:
        yield services


@pytest.fixture
def send(services: Services) -> Callable[..., int]:
    door = LineageEvents(services)

    def record(body: dict[str, Any], project: str = "default") -> int:
        (recorded,) = door.record([body], project=project)
        assert recorded.error is None
        return recorded.entries

    return record


def renamed(number: int) -> tuple[str, str, str]:
    """The writers and the reader of the ``number``-th project; runs have ids of their own."""
    early, late, reader = (f"{run[:-6]}{number:04d}{run[-2:]}" for run in (EARLY, LATE, READER))
    return early, late, reader


def writes(run: str, start: int, end: str = "COMPLETE") -> list[dict[str, Any]]:
    """A run's events, two seconds apart."""
    out = {"outputs": [table("t")], "job": f"write-{run[-2:]}"}
    return [event("START", start, run, **out), event(end, start + 2, run, **out)]


def reads(start: int, *, context: str = "", run: str = READER) -> list[dict[str, Any]]:
    tags = {"tags": {"tags": [{"key": "lineproof.context", "value": context}]}} if context else {}
    about = {"inputs": [table("t", **tags)], "job": "train"}
    made = {**about, "outputs": [table("model")]}
    return [event("START", start, run, **about), event("COMPLETE", start + 1, run, **made)]


def read_by(services: Services, run: str = READER) -> list[tuple[str, str]]:
    """Digest and facet of each version of ``t`` that a comparison sees."""
    services.catch_up()
    (facts,) = gather_facts(services.graph, services.metrics, [run], as_of=None)
    return [(use.digest, str(use.facet or "")) for use in facts.inputs if use.name == "s3://lake/t"]


def test_a_reader_reads_what_was_written_before_it_began(
    services: Services, send: Callable[..., int]
) -> None:
    for number, order in enumerate(ORDERS):
        early, _, reader = renamed(number)
        told = [*writes(early, 1), *reads(5, context="training", run=reader)]
        for index in order:
            send(told[index], f"p{number}")
        assert read_by(services, reader) == [(early, "TRAIN_DATA")], order
        made = services.graph.incoming(
            [node_id(NodeKind.RUN, reader)], types=(EdgeType.WAS_GENERATED_BY,)
        )
        (model,) = {edge.source for edge in made[node_id(NodeKind.RUN, reader)]}
        assert "s3://lake/t" in edges(services, model, EdgeType.WAS_DERIVED_FROM)
        upstream = services.graph.reachable([model], direction=Direction.UPSTREAM, types=LINEAGE)
        assert node_id(NodeKind.RUN, early) in upstream


def test_a_reader_never_reads_what_was_begun_later(
    services: Services, send: Callable[..., int]
) -> None:
    for number, order in enumerate(ORDERS):
        _, late, reader = renamed(number)
        told = [*writes(late, 5), *reads(1, run=reader)]
        for index in order:
            send(told[index], f"p{number}")
        assert read_by(services, reader) == [("", "")], order


def test_of_two_writers_that_are_known_the_last_one_counts(
    services: Services, send: Callable[..., int]
) -> None:
    for number, order in enumerate(ORDERS):
        early, late, reader = renamed(number)
        told = [*writes(early, 1), *writes(late, 4)]
        for one in [*(told[index] for index in order), *reads(9, run=reader)]:
            send(one, f"p{number}")
        assert read_by(services, reader) == [(late, "")], order


def test_a_failed_writer_that_is_heard_of_late_wrote_nothing(
    services: Services, send: Callable[..., int]
) -> None:
    for one in (*reads(5), *reversed(writes(EARLY, 1, "FAIL"))):
        send(one)
    assert read_by(services) == [("", "")]


def test_a_writer_that_comes_of_the_reader_did_not_feed_it(
    services: Services, send: Callable[..., int]
) -> None:
    for one in reads(5):
        send(one)
    parent = {"run": {"runId": READER}, "job": {"namespace": "etl", "name": "train"}}
    send(event("COMPLETE", 1, EARLY, facets={"parent": parent}, outputs=[table("t")]))
    assert read_by(services) == [("", "")]


def test_repeated_events_add_nothing_to_what_became_known(
    services: Services, send: Callable[..., int]
) -> None:
    told = [*reads(5), *writes(EARLY, 1)]
    for one in told:
        send(one)
    size = services.log.head().size
    assert [send(one) for one in told] == [0] * len(told)
    send(event("RUNNING", 6, inputs=[table("t")], run=READER))
    assert read_by(services) == [(EARLY, "")]
    assert services.log.head().size > size


def test_the_past_stays_as_it_was_known(services: Services, send: Callable[..., int]) -> None:
    for one in reads(5):
        send(one)
    size = services.log.head().size
    for one in writes(EARLY, 1):
        send(one)
    services.catch_up()
    (then,) = gather_facts(services.graph, services.metrics, [READER], as_of=size)
    assert [use.digest for use in then.inputs if use.name == "s3://lake/t"] == [""]
    assert read_by(services) == [(EARLY, "")]
