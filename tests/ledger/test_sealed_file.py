"""Files that can be erased: any part reads back, and none can be changed, moved or cut off."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger.log import Log
from ledger.sealed_file import CHUNK, SealedFile
from tests.ledger.builders import open_log

SIZES = st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 7])
STORED = 12 + CHUNK + 16


def content(size: int) -> bytes:
    return bytes(n * n % 251 for n in range(size))


def keep(log: Log, data: bytes, piece: int = 10_007) -> SealedFile:
    with log.sealer.receive(log.blobs, "alice") as upload:
        for start in range(0, len(data), piece):
            upload.write(data[start : start + piece])
        upload.keep()
        assert upload.size == len(data)
    return log.sealer.file(log.blobs.path(upload.blob), upload.subject, len(data))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    opened = open_log(tmp_path / "data")
    opened.close()
    return opened


@given(size=SIZES, data=st.data())
@settings(max_examples=20, deadline=None)
def test_any_range_reads_back(
    tmp_path_factory: pytest.TempPathFactory, size: int, data: st.DataObject
) -> None:
    log = open_log(tmp_path_factory.mktemp("any"))
    file = keep(log, content(size))
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    assert b"".join(file.read(start, stop)) == content(size)[start:stop]
    log.close()


def test_the_same_file_in_other_pieces_is_the_same_blob(log: Log) -> None:
    whole = content(3 * CHUNK)
    assert keep(log, whole).path == keep(log, whole, piece=CHUNK).path


@pytest.mark.parametrize("damage", ["flip", "swap", "cut", "repeat"])
def test_a_changed_moved_or_missing_chunk_is_refused(log: Log, damage: str) -> None:
    file = keep(log, content(3 * CHUNK))
    stored = file.path.read_bytes()
    chunks = [stored[n : n + STORED] for n in range(0, len(stored), STORED)]
    assert len(chunks) == 3
    if damage == "flip":
        chunks[1] = chunks[1][:-1] + bytes([chunks[1][-1] ^ 1])
    elif damage == "swap":
        chunks[0], chunks[1] = chunks[1], chunks[0]
    elif damage == "cut":
        chunks.pop()
    else:
        chunks[2] = chunks[1]
    file.path.write_bytes(b"".join(chunks))
    with pytest.raises(IntegrityError) as caught:
        list(file.read(0, file.size))
    assert caught.value.code == ErrorCode.LEDGER_TAMPERED


def test_a_file_without_its_key_is_erased(log: Log) -> None:
    file = keep(log, b"secret")
    with pytest.raises(UsageError) as caught:
        log.sealer.file(file.path, "0" * 32, file.size)
    assert caught.value.code == ErrorCode.ERASED
