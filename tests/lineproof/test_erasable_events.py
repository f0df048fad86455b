"""OpenLineage runs that can be erased: sealed as they come, and gone for ever when erased."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from graph.model import EdgeType, Node, NodeKind, node_id
from ledger.verify import verify_folder
from lineproof.app import create_app
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.services import Services
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.test_openlineage import PARENT, RUN, event, table

ALICE = "alice@example.com"
SECRET = "heart-rate-of-alice"
Event = dict[str, Any]


@contextmanager
def door(data: Path) -> Iterator[tuple[TestClient, Services]]:
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    try:
        with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
            yield client, services
    finally:
        services.close()


def tagged(*tags: tuple[str, str], **more: Any) -> Event:
    listed = [{"key": key, "value": value, "source": "USER"} for key, value in tags]
    return {"tags": {"tags": listed}, **more}


ABOUT_ALICE = tagged(
    ("lineproof.erasable", ALICE),
    ("note", SECRET),
    executionParameters={"parameters": [{"key": "filter", "value": SECRET}]},
    mine={"text": SECRET},
)


def told(second: int, kind: str = "START", **more: Any) -> Event:
    statistics = {"outputStatistics": {"rowCount": 471_147_114_711}}
    return event(
        kind,
        second,
        job=f"job-of-{SECRET}",
        inputs=[table("raw", documentation={"description": SECRET})],
        outputs=[{**table("clean"), "outputFacets": statistics}],
        **more,
    )


def send(client: TestClient, body: Event, expected: int = 200) -> Event:
    answer = client.post("/api/v1/lineage", json=body)
    assert answer.status_code == expected, answer.text
    return answer.json()


def run_of(services: Services, run: str = RUN) -> Node:
    services.catch_up()
    return services.graph.nodes([node_id(NodeKind.RUN, run)])[node_id(NodeKind.RUN, run)]


def read_and_written(services: Services) -> list[str]:
    run = node_id(NodeKind.RUN, RUN)
    used = services.graph.outgoing([run], types=(EdgeType.USED,))[run]
    made = services.graph.incoming([run], types=(EdgeType.WAS_GENERATED_BY,))[run]
    ids = [edge.target for edge in used] + [edge.source for edge in made]
    return sorted(str(node.attributes["name"]) for node in services.graph.nodes(ids).values())


def everything(data: Path) -> bytes:
    return b"\n".join(p.read_bytes() for p in sorted(data.rglob("*")) if p.is_file())


@pytest.mark.parametrize("heard_of", [False, True])
def test_what_an_event_says_is_sealed_and_can_be_erased(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], heard_of: bool
) -> None:
    data = tmp_path / "data"
    with door(data) as (client, services):
        if heard_of:
            parent = {"run": {"runId": RUN}, "job": {"namespace": "etl", "name": "daily"}}
            send(client, event("START", 0, run=PARENT, facets={"parent": parent}))
        send(client, told(1, facets=ABOUT_ALICE))
        assert send(client, told(1, facets=ABOUT_ALICE))["entries"] == 0
        # Later events need not repeat the tag.
        send(client, told(2, "COMPLETE"))
        attributes = run_of(services).attributes
        assert attributes["tags.note"] == attributes["params.filter"] == SECRET
        assert attributes["name"] == attributes["tags.mlflow.runName"] == f"job-of-{SECRET}"
        assert SECRET in str(attributes["facets.mine"])
        assert read_and_written(services) == ["s3://lake/clean", "s3://lake/raw"]
    stored = everything(data / "ledger") + everything(data / "blobs")
    for word in (SECRET, ALICE, "471147114711"):
        assert word.encode() not in stored, word

    assert main(["erase", ALICE, "--data", str(data)]) == Exit.OK
    assert verify_folder(data).ok
    assert main(["ledger", "verify", str(data)]) == Exit.OK
    assert "erasable payloads are erased" in capsys.readouterr().out
    assert SECRET.encode() not in everything(data)
    with door(data) as (client, services):
        attributes = run_of(services).attributes
        assert attributes["name"] == f"run-{RUN[:8]}"
        assert attributes["status"] == "FINISHED"
        assert not [name for name in attributes if name.startswith(("tags.note", "params."))]
        assert read_and_written(services) == ["s3://lake/clean", "s3://lake/raw"]
        assert send(client, told(3, "OTHER"), 410)["code"] == "ERASED"
        fresh = told(3, run="01941a6e-0c00-7000-8000-000000000009", facets=ABOUT_ALICE)
        assert send(client, fresh, 410)["code"] == "ERASED"


def test_the_first_event_of_a_run_decides(tmp_path: Path) -> None:
    with door(tmp_path / "data") as (client, _):
        send(client, told(1))
        refused = send(client, told(2, facets=ABOUT_ALICE), 400)
        assert "only when a run is created" in refused["detail"]
        other = "01941a6e-0c00-7000-8000-000000000009"
        send(client, told(1, run=other, facets=ABOUT_ALICE))
        bob = tagged(("lineproof.erasable", "bob"))
        send(client, told(2, run=other, facets=bob), 400)
        send(client, told(2, run=other, facets=ABOUT_ALICE))
