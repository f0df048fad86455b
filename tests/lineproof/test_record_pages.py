"""Pages about the record: what was logged is on them as inert text, and every link leads on."""

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.ids import SequentialIds
from graph.memory import MemoryGraph
from ledger.log import Log
from lineproof.app import create_app
from lineproof.services import Services

API = "/api/2.0/mlflow/"
HOSTILE = '"><img src=x onerror=alert(1)>'
HIDDEN = "\u202e"
"""Allowed in a value, not in a name."""
PREFIXES = ("", "/projects/vision")


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("data")
    clock = FrozenClock(1_700_000_000_000)
    services = Services(
        log=Log.open(folder, clock=clock, background=False),
        graph=MemoryGraph(),
        metrics=MetricTables.open(folder, clock=clock),
        clock=clock,
        ids=SequentialIds(),
        ledger_files=folder,
    )
    with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
        for prefix in PREFIXES:
            _log_runs(client, prefix)
        yield client
    services.close()


def _log_runs(http: TestClient, prefix: str) -> None:
    def post(path: str, **body: object) -> dict[str, dict[str, dict[str, str]]]:
        answer = http.post(f"{prefix}{API}{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    for number, name in enumerate(("plain", HOSTILE)):
        run = post("runs/create", run_name=name, start_time=1)["run"]["info"]["run_id"]
        points = [
            {"key": "acc", "value": value + number, "timestamp": 1, "step": step}
            for step, value in enumerate((0.25, 1e300, 0.5))
        ]
        params = [{"key": "lr", "value": str(number)}, {"key": "same", "value": "s"}]
        tags = [{"key": "note", "value": HOSTILE + HIDDEN}]
        post("runs/log-batch", run_id=run, metrics=points, params=params, tags=tags)
        data = {"name": HOSTILE, "digest": "d", "source_type": "local", "source": "s"}
        post("runs/log-inputs", run_id=run, datasets=[{"dataset": data}])
        post("runs/update", run_id=run, status="FINISHED", end_time=2_001)


def _links(page: str) -> list[str]:
    return re.findall(r'href="(/[^"]*)"', page)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_page_leads_on_and_none_runs_what_strangers_wrote(
    http: TestClient, prefix: str
) -> None:
    seen: set[str] = set()
    queue = [f"{prefix}/explorer/experiments"]
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = http.get(path)
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        if "/explorer/" in path:
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert "script" not in answer.headers["content-security-policy"]
            assert "<img" not in answer.text
            assert HIDDEN not in answer.text
        for link in _links(answer.text):
            assert link.startswith((f"{prefix}/", "/explorer/static/", "/ledger", "/")), link
            queue += [link] if link.startswith(f"{prefix}/explorer/") else []
    kinds = {re.sub(r"(explorer/\w+).*", r"\1", path) for path in seen}
    assert {
        f"{prefix}/explorer/{kind}" for kind in ("experiments", "runs", "compare", "audit")
    } <= (kinds)
    assert any("artifact:" in unquote(path) for path in seen)


def test_an_experiment_shows_its_runs_their_metrics_and_the_params_that_differ(
    http: TestClient,
) -> None:
    page = http.get("/explorer/experiments/0").text
    assert "<p>2 runs.</p>" in page
    heads = re.findall(r"<th scope=col>([^<]*)", page)
    assert heads == ["Run", "Status", "Started", "acc", "lr"]
    assert re.findall(r"<td>(0\.5|1\.5)<", page) == ["1.5", "0.5"]  # The newest first.


def test_a_run_shows_what_it_logged_and_what_made_it(http: TestClient) -> None:
    page = http.get("/explorer/experiments/0").text
    run = next(link for link in _links(page) if "/runs/" in link)
    shown = http.get(run).text
    assert "FINISHED" in shown
    assert "for 2 s" in shown
    assert ">lr<td>1<" in shown
    assert "<polyline" in shown
    assert 'aria-label="Lineage"' in shown
    assert "<td>TRAIN_DATA<td>" in shown  # The facets, with what would record those that lack.
    assert "lineproof.facet." in shown
    assert "USED" in shown


@pytest.mark.parametrize(
    "path", ["experiments/7", "runs/none", "compare/none/none", "audit/run:none"]
)
def test_what_does_not_exist_is_not_found(http: TestClient, path: str) -> None:
    assert http.get(f"/explorer/{path}").status_code == 404


def test_the_start_page_follows_the_addresses_that_mlflow_prints(http: TestClient) -> None:
    assert "/explorer/static/mlflow_links.js" in http.get("/projects/vision/").text
    assert "experiments" in http.get("/explorer/static/mlflow_links.js").text
