"""The ledger's files over HTTP: the right types and caching, and no other file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from domain.ids import SequentialIds
from lineproof.http import ledger
from lineproof.http.edge import edge
from lineproof.http.errors import EXCEPTION_HANDLERS
from lineproof.services import Services


@dataclass
class _FakeServices:
    ledger_files: Path


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    static = tmp_path / "static"
    for name in ("tile/0/000", "tile/0/x001/234", "tile/entries/000.p/7", "tile/1/000.p/1"):
        path = static / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (static / "checkpoint").write_text("origin\n0\n\n— signature\n")
    (tmp_path / "secret").write_text("hunter2")
    (static / "tile" / "0" / "secret").write_text("hunter2")
    routes = ledger.routes(cast("Services", _FakeServices(static)))
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    with TestClient(edge(app, ids=SequentialIds()), base_url="http://127.0.0.1:8420") as client:
        yield client


def test_the_checkpoint_is_text_and_never_cached(client: TestClient) -> None:
    response = client.get("/ledger/checkpoint")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "— signature" in response.text


@pytest.mark.parametrize("name", ["0/000", "0/x001/234", "entries/000.p/7", "1/000.p/1"])
def test_tiles_are_bytes_that_may_be_kept_for_ever(client: TestClient, name: str) -> None:
    response = client.get(f"/ledger/tile/{name}")
    assert response.content == f"tile/{name}".encode()
    assert response.headers["content-type"] == "application/octet-stream"
    assert "immutable" in response.headers["cache-control"]
    assert client.head(f"/ledger/tile/{name}").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "0/001",
        "0/secret",
        "0/../../../secret",
        "..%2f..%2f..%2fsecret",
        "0/%2e%2e/%2e%2e/%2e%2e/secret",
        "//etc/passwd",
        "0/0",
        "00/000",
        "0/000.p/0",
        "0/000.p/256",
        "64/000",
        "0/000%00",
    ],
)
def test_whatever_is_no_published_resource_is_not_found(client: TestClient, name: str) -> None:
    response = client.get(f"/ledger/tile/{name}")
    assert response.status_code == 404
    assert "hunter2" not in response.text


def test_a_missing_file_is_not_kept_in_a_cache(client: TestClient) -> None:
    assert client.get("/ledger/tile/0/001").headers["cache-control"] == "no-store"
