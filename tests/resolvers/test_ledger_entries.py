"""Entries and roots of a real ledger."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import NotFoundError
from ledger import merkle
from resolvers import ledger_entries
from tests.schema.recorded import Recorder, open_recorder


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    folder: Path = tmp_path_factory.mktemp("ledger")
    recorder = open_recorder(folder)
    for number in range(9):
        recorder.experiment(str(number), f"e{number}")
    recorder.experiment("9", "foreign", project="other")
    yield recorder
    recorder.metrics.close()
    recorder.log.close()


def test_every_past_root_is_that_of_its_prefix(recorder: Recorder) -> None:
    leaves = list(recorder.log.leaves(0, 10))
    for size in range(11):
        expected = merkle.root(merkle.extend(0, (), leaves[:size])[1])
        found = ledger_entries.root_hash(recorder.log, size)
        assert base64.b64decode(found) == expected


def test_an_entry_is_found_in_its_project_alone(recorder: Recorder) -> None:
    entry = ledger_entries.one(recorder.log, 3, project="default", as_of=10)
    assert entry.payload["name"] == "e3"
    assert base64.b64decode(ledger_entries.leaf_hash(entry)) == merkle.leaf_hash(entry.data)
    for seq, as_of in ((9, 10), (10, 10), (3, 3), (-1, 10)):
        with pytest.raises(NotFoundError):
            ledger_entries.one(recorder.log, seq, project="default", as_of=as_of)
