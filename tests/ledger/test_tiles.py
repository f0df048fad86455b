"""Names and widths, with the examples that the tlog-tiles specification gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import IntegrityError
from ledger import tiles
from ledger.tiles import ENTRIES, Resource


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (Resource(0, 1234067), "tile/0/x001/x234/067"),
        (Resource(ENTRIES, 0), "tile/entries/000"),
        (Resource(ENTRIES, 273, 112), "tile/entries/273.p/112"),
        (Resource(5, 1000), "tile/5/x001/000"),
        (Resource(63, 999, 255), "tile/63/999.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(resource: Resource, path: str) -> None:
    assert resource.path == path
    assert tiles.parse_path(path) == resource


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/64/000",
        "tile/0/00",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/data/000",
        "tile/0/000.p",
        "checkpoint",
    ],
)
def test_other_spellings_name_nothing(path: str) -> None:
    assert tiles.parse_path(path) is None


@given(st.integers(-1, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_names_one_resource(level: int, index: int, width: int) -> None:
    resource = Resource(level, index, width)
    assert tiles.parse_path(resource.path) == resource


def test_the_tree_of_70000_has_the_tiles_that_the_specification_lists() -> None:
    assert tiles.right_edge(70_000) == [
        Resource(0, 273, 112),
        Resource(1, 1, 17),
        Resource(2, 0, 1),
    ]
    assert tiles.width_at(0, 272, 70_000) == 256
    assert tiles.width_at(0, 273, 70_000) == 112
    assert tiles.width_at(0, 274, 70_000) == 0
    assert tiles.right_edge(256) == [Resource(1, 0, 1)]


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_reads_back(entries: list[bytes]) -> None:
    data = tiles.pack_bundle(entries)
    assert tiles.unpack_bundle(data, len(entries)) == entries
    for wrong in (data + b"\x00", data + b"\x00\x01"):
        with pytest.raises(IntegrityError):
            tiles.unpack_bundle(wrong, len(entries))
    with pytest.raises(IntegrityError):
        tiles.unpack_bundle(data, len(entries) + 1)
