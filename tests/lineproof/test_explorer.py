"""The pages for people: complete without a network, inert, and what they were vendored as."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from starlette.applications import Starlette
from starlette.testclient import TestClient

from domain.ids import SequentialIds
from graph.model import Node, NodeKind, node_id
from graph.port import NodeQuery
from lineproof.explorer import pages
from lineproof.http.edge import edge
from lineproof.http.errors import EXCEPTION_HANDLERS
from lineproof.services import Services
from schema.build import SCHEMA


@dataclass
class _CountingGraph:
    asked: list[NodeQuery]

    def count(self, query: NodeQuery) -> int:
        self.asked.append(query)
        return {NodeKind.RUN: 7001}.get(query.kind, 0)

    def find(self, query: NodeQuery) -> list[Node]:
        assert query.limit == 1
        name = "last" if query.descending else "first"
        node = node_id(query.kind, f'{query.project}"{name}')
        return [Node(node, query.kind, query.project, 0, {"name": name})]


@dataclass
class _FakeServices:
    graph: _CountingGraph

    def catch_up(self) -> int:
        return 123_456


@pytest.fixture
def services() -> _FakeServices:
    return _FakeServices(_CountingGraph([]))


@pytest.fixture
def client(services: _FakeServices) -> Iterator[TestClient]:
    routes = pages.routes(cast("Services", services))
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    with TestClient(edge(app, ids=SequentialIds()), base_url="http://127.0.0.1:8420") as client:
        yield client


def _links(html: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', html)


@pytest.mark.parametrize("path", ["/", "/graphql", "/projects/vision/graphql"])
def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script(
    client: TestClient, path: str
) -> None:
    response = client.get(path)
    assert response.headers["content-type"].startswith("text/html")
    assert "script-src 'self';" in response.headers["content-security-policy"]
    assert "<script>" not in response.text
    assert not re.search(r"\son\w+=|\sstyle=", response.text)
    for link in _links(response.text):
        assert link.startswith(("/", "data:")), link
        if "/static/" in link:
            assert client.get(link).status_code == 200


def test_the_start_page_counts_what_the_project_holds(
    client: TestClient, services: _FakeServices
) -> None:
    page = client.get("/projects/vision/").text
    assert "7001" in page
    assert "123456" in page
    assert "/projects/vision/graphql" in page
    assert "http://127.0.0.1:8420/projects/vision" in page
    assert "{{" not in page
    assert {query.project for query in services.graph.asked} == {"vision"}


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpages.py", "%2e%2e/pages.py", "start.html"])
def test_only_the_static_files_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/explorer/static/{name}").status_code == 404


def test_vendored_files_are_what_the_list_says() -> None:
    text = (pages.HERE / "VENDORED.md").read_text()
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (\S+) \| \S+ \| `([0-9a-f]{64})` \|$", text, re.M)
    digests = {name: digest for name, _, _, digest in rows}
    ours = {"graphiql_page.css", "graphiql_page.js", "mlflow_links.js", "pages.css"}
    files = {path.name: path for path in pages.STATIC.iterdir() if path.name not in ours}
    assert set(digests) == set(files)
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digests[name], name


def test_every_vendored_package_has_its_licence_text() -> None:
    for package in ("graphiql", "react", "react-dom"):
        assert (
            "Permission is hereby granted" in (pages.STATIC / f"{package}.LICENSE.txt").read_text()
        )


def _examples(text: str) -> dict[str, tuple[str, dict[str, object]]]:
    """Operation name to text and variables, cut apart as ``graphiql_page.js`` does."""
    parts = [part.strip() for part in re.split(r"^# ----.*$", text, flags=re.M)]
    found: dict[str, tuple[str, dict[str, object]]] = {}
    for part in filter(None, parts):
        variables = re.search(r"^# variables: (.*)$", part, re.M)
        name = re.search(r"^(?:query|mutation|subscription) (\w+)", part, re.M)
        assert name, part
        found[name[1]] = (part, json.loads(variables[1]) if variables else {})
    return found


def test_every_example_is_valid_in_the_schema() -> None:
    schema = build_schema(SCHEMA.as_str())
    examples = _examples(pages.EXAMPLES.read_text())
    assert {"Compare", "Gate", "Follow"} < set(examples)
    for name, (query, variables) in examples.items():
        document = parse(query)
        assert validate(schema, document) == [], name
        (operation,) = document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        declared = {each.variable.name.value for each in operation.variable_definitions or ()}
        assert set(variables) == declared, name


def test_examples_ask_about_what_is_recorded(client: TestClient) -> None:
    text = client.get("/projects/vision/explorer/examples.graphql").text
    variables = _examples(text)["Compare"][1]
    assert variables["b"] == {"group": 'vision"first'}
    assert variables["c"] == {"group": 'vision"last'}
    assert "LAST_RUN" not in text


def test_a_query_by_get_is_not_executed(client: TestClient) -> None:
    response = client.get("/graphql", params={"query": "mutation { evaluateGate }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert response.json()["code"] == "METHOD_NOT_ALLOWED"
