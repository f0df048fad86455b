"""Worlds that are closed after their test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.governance.world import World


@pytest.fixture
def open_world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], World]]:
    """Opens a world over an empty graph store of that kind; there is one Neo4j for all."""
    worlds: list[World] = []

    def opened(store: str) -> World:
        if store == "neo4j":
            store = request.getfixturevalue("neo4j_url")
        worlds.append(World(tmp_path / f"{len(worlds)}", store))
        worlds[-1].graph.reset()
        return worlds[-1]

    yield opened
    for world in worlds:
        world.close()


@pytest.fixture
def world(open_world: Callable[[str], World], graph_kind: str) -> World:
    """On every store that ``--graph`` names."""
    return open_world(graph_kind)
