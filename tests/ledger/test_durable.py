"""The order of system calls, and what a failure of one of them means."""

import errno
from pathlib import Path

import pytest

from domain.clock import FrozenClock
from domain.errors import BackendError, StorageFullError
from ledger.blobs import Blobs
from ledger.durable import DurableFolder, FsyncFailed, OsFs
from ledger.entry import Receipt
from ledger.log import Log
from tests.ledger.builders import draft, open_log


class RecordingFs(OsFs):
    """Writes down the calls, and fails the chosen one."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fail: dict[str, int] = {}
        self.free = 10**12

    def _note(self, call: str, path: Path) -> None:
        self.calls.append(f"{call} {path.name}")
        if call in self.fail:
            raise OSError(self.fail[call], "injected")

    def write(self, path: Path, data: bytes, mode: int) -> None:
        self._note("write", path)
        super().write(path, data, mode)

    def sync(self, path: Path) -> None:
        self._note("sync", path)
        super().sync(path)

    def rename(self, source: Path, target: Path) -> None:
        self._note("rename", target)
        super().rename(source, target)

    def free_bytes(self, path: Path) -> int:
        return self.free


def folder(tmp_path: Path, fs: OsFs) -> DurableFolder:
    made = DurableFolder(tmp_path / "files", tmp_path / "staging", fs)
    made.prepare()
    return made


def test_bytes_are_synced_before_the_name_and_the_name_before_we_return(tmp_path: Path) -> None:
    fs = RecordingFs()
    files = folder(tmp_path, fs)
    fs.calls.clear()
    files.replace({"a/b": b"data"})
    verbs = [call.split()[0] for call in fs.calls]
    assert verbs == ["sync", "write", "sync", "rename", "sync"]
    assert fs.calls[0] == "sync files"
    assert fs.calls[-2:] == ["rename b", "sync a"]
    assert (tmp_path / "files/a/b").read_bytes() == b"data"
    assert list((tmp_path / "staging").iterdir()) == []


def test_an_error_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    fs = RecordingFs()
    files = folder(tmp_path, fs)
    files.replace({"a": b"old"})
    for call, number, error in (
        ("write", errno.ENOSPC, StorageFullError),
        ("write", errno.EIO, BackendError),
        ("sync", errno.EIO, FsyncFailed),
        ("rename", errno.ENOSPC, StorageFullError),
    ):
        fs.fail = {call: number}
        with pytest.raises(error):
            files.replace({"a": b"new"})
        assert (tmp_path / "files/a").read_bytes() == b"old"


def test_a_failed_fsync_is_fatal_to_the_ledger(tmp_path: Path) -> None:
    fs = RecordingFs()
    log = Log.open(tmp_path, clock=FrozenClock(), background=False, fs=fs)
    log.append([draft("a")])
    fs.fail = {"sync": errno.EIO}
    with pytest.raises(FsyncFailed):
        log.publish()
    fs.fail = {}
    assert isinstance(log.failure, FsyncFailed)
    with pytest.raises(FsyncFailed):
        log.append([draft("b")])
    log.close()
    log = open_log(tmp_path)
    assert [entry.idem for entry in log.read(0, 9)] == ["a"]
    assert log.checkpoint().size == 1
    log.close()


def test_a_nearly_full_disk_refuses_writes_and_allows_reads(tmp_path: Path) -> None:
    fs = RecordingFs()
    log = Log.open(tmp_path, clock=FrozenClock(), background=False, fs=fs)
    log.append([draft("a")])
    fs.free = 1_000
    with pytest.raises(StorageFullError):
        log.append([draft("b")])
    with pytest.raises(StorageFullError):
        log.append([draft("c", payload={"x": "y" * 20_000})])
    assert [entry.idem for entry in log.read(0, 9)] == ["a"]
    fs.free = 10**12
    assert log.append([draft("b")]) == [Receipt(1, repeated=False)]
    log.close()


def test_a_blob_is_written_once(tmp_path: Path) -> None:
    fs = RecordingFs()
    blobs = Blobs(folder(tmp_path, fs))
    digest = blobs.put(b"payload")
    fs.calls.clear()
    assert blobs.put(b"payload") == digest
    assert not [call for call in fs.calls if call.startswith("write")]
    assert blobs.get(digest) == b"payload"


def test_leftovers_of_a_crash_are_removed_at_the_next_start(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    (tmp_path / ".staging/1-2-0").write_bytes(b"half")
    open_log(tmp_path).close()
    assert list((tmp_path / ".staging").iterdir()) == []


def test_the_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    assert (tmp_path / "keys/ledger.key").stat().st_mode & 0o777 == 0o600
