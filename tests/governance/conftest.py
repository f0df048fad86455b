"""Worlds that are closed after their test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.governance.world import World


@pytest.fixture
def open_world(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    """Opens a world over the graph store of that name."""
    worlds: list[World] = []

    def opened(store: str) -> World:
        worlds.append(World(tmp_path / f"{len(worlds)}", store))
        return worlds[-1]

    yield opened
    for world in worlds:
        world.close()


@pytest.fixture
def world(open_world: Callable[[str], World]) -> World:
    return open_world("memory")
