"""Options and fixtures of the whole suite.

``--graph=memory,sqlite,neo4j`` says on which stores the graph's conformance suite runs. All three
is the default: without a Neo4j server its tests fail, they are not skipped.

Commands configure the process's logs and remember checkpoints; no test leaves that behind.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from graph.memory import MemoryGraph
from graph.port import GraphStore
from graph.sqlite import SqliteGraph
from tests.neo4j_server import neo4j_server

GRAPHS = ("memory", "sqlite", "neo4j")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--graph",
        default=",".join(GRAPHS),
        help="Graph stores to test, separated by commas: memory, sqlite, neo4j (default: all).",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = str(metafunc.config.getoption("--graph")).split(",")
    unknown = sorted(set(chosen) - set(GRAPHS))
    if unknown:
        raise pytest.UsageError(f"--graph does not know {', '.join(unknown)}")
    if "graph_kind" in metafunc.fixturenames:
        metafunc.parametrize("graph_kind", chosen)
    if "shared_kind" in metafunc.fixturenames:
        metafunc.parametrize(
            "shared_kind", [kind for kind in chosen if kind != "memory"] or ["sqlite"]
        )


@pytest.fixture(scope="session")
def neo4j_url() -> Iterator[str]:
    """The bolt URL of a real Neo4j server that lives as long as the session."""
    with neo4j_server() as url:
        yield url


@pytest.fixture
def shared_graph(shared_kind: str, request: pytest.FixtureRequest) -> str:
    """An empty store that several processes can use, as ``--graph`` of a command names it."""
    if shared_kind != "neo4j":
        return shared_kind
    store = _neo4j(request)
    store.reset()
    store.close()
    return str(request.getfixturevalue("neo4j_url"))


@pytest.fixture
def graph_store(
    graph_kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[GraphStore]:
    """An empty store of each kind that ``--graph`` names."""
    makers: dict[str, Callable[[], GraphStore]] = {
        "memory": MemoryGraph,
        "sqlite": lambda: SqliteGraph(tmp_path / "graph.db"),
        "neo4j": lambda: _neo4j(request),
    }
    store = makers[graph_kind]()
    store.reset()
    yield store
    store.close()


def _neo4j(request: pytest.FixtureRequest) -> GraphStore:
    from graph.neo4j import Neo4jGraph

    return Neo4jGraph(request.getfixturevalue("neo4j_url"))


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


@pytest.fixture(autouse=True, scope="session")
def _remember_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures of modules ask servers, too, before ``remembered`` is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINEPROOF_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def remembered(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands remember checkpoints: not in the home of whoever runs the tests."""
    state = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("LINEPROOF_STATE", str(state))
    return state / "checkpoints"
