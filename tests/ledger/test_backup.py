"""Exports, backups and restores: verified, atomic, never over something, never backwards."""

import shutil
import stat
import tarfile
import threading
from io import BytesIO
from pathlib import Path

import pytest

from domain.errors import ConflictError, ErrorCode, IntegrityError, LineproofError, UsageError
from ledger.backup import back_up, restore
from ledger.copying import export_log
from ledger.entry import SOFT_LIMIT
from ledger.verify import verify_folder, verify_static
from tests.ledger.builders import draft, fill, open_log
from tests.ledger.test_foreign_reader import read_log


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    log = open_log(folder)
    fill(log, 300, publish_every=120)
    log.append([draft("large", payload={"text": "x" * SOFT_LIMIT})])
    log.close()
    return folder


def vkey(data: Path) -> str:
    log = open_log(data)
    log.close()
    return log.vkey


def accept(_: Path) -> None:
    """Nothing is remembered."""


@pytest.mark.parametrize("name", ["backup", "backup.tar"])
def test_a_backup_restores_to_the_same_ledger(data: Path, tmp_path: Path, name: str) -> None:
    backup = tmp_path / name
    assert back_up(data, backup).size == 301
    assert stat.S_IMODE(backup.stat().st_mode) & 0o077 == 0
    report = restore(backup, tmp_path / "again", vkey=vkey(data), accept=accept)
    assert (report.size, report.blobs) == (301, 1)
    assert stat.S_IMODE((tmp_path / "again/keys/ledger.key").stat().st_mode) == 0o600
    verify_folder(tmp_path / "again", vkey=vkey(data)).raise_first()
    log = open_log(tmp_path / "again")
    assert log.append([draft("e7")])[0].repeated
    assert log.append([draft("new")])[0].seq == 301
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", name, "data"]


def test_a_ledger_in_use_is_backed_up_with_what_is_pending(data: Path, tmp_path: Path) -> None:
    log = open_log(data)
    done = threading.Event()
    written = [0]

    def write() -> None:
        while not done.is_set():
            log.append([draft(f"busy{written[0]}")])
            written[0] += 1
            if written[0] % 50 == 0:
                log.publish()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for n in range(4):
            before = log.head().size
            report = back_up(data, tmp_path / f"b{n}")
            assert report.size + report.pending >= before
    finally:
        done.set()
        thread.join()
        log.close()
    report = restore(tmp_path / "b3", tmp_path / "again", vkey=None, accept=accept)
    assert report.ok


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b")
    for act in (
        lambda: back_up(data, tmp_path / "b"),
        lambda: export_log(data, tmp_path / "b"),
        lambda: restore(tmp_path / "b", data, vkey=None, accept=accept),
    ):
        with pytest.raises(ConflictError):
            act()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/note").write_text("mine")
    with pytest.raises(ConflictError):
        restore(tmp_path / "b", tmp_path / "other", vkey=None, accept=accept)
    assert (tmp_path / "other/note").read_text() == "mine"


@pytest.mark.parametrize("name", ["old", "old.tar"])
def test_an_older_backup_over_a_newer_ledger_is_a_rollback(
    data: Path, tmp_path: Path, name: str
) -> None:
    back_up(data, tmp_path / name)
    log = open_log(data)
    log.append([draft("newer")])
    log.close()
    with pytest.raises(IntegrityError) as caught:
        restore(tmp_path / name, data, vkey=None, accept=accept)
    assert caught.value.code == ErrorCode.LEDGER_ROLLED_BACK
    assert verify_folder(data).size == 302


def test_a_changed_backup_is_not_restored(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b")
    for name in ("ledger/static/tile/0/000", "ledger/sequencer.db", "ledger/static/checkpoint"):
        copy = tmp_path / "changed"
        shutil.copytree(tmp_path / "b", copy)
        changed = bytearray((copy / name).read_bytes())
        changed[len(changed) // 3] ^= 1
        (copy / name).write_bytes(changed)
        try:
            restore(copy, tmp_path / "again", vkey=None, accept=accept)
        except LineproofError as refused:
            assert refused.code in (ErrorCode.LEDGER_TAMPERED, ErrorCode.CHECKPOINT_INVALID)
            assert not (tmp_path / "again").exists()
        else:
            assert name == "ledger/sequencer.db"  # A bit that holds no data.
            shutil.rmtree(tmp_path / "again")
        shutil.rmtree(copy)


def test_another_key_or_a_memory_refuses(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "b")
    other = vkey(tmp_path / "stranger")
    with pytest.raises(IntegrityError):
        restore(tmp_path / "b", tmp_path / "again", vkey=other, accept=accept)

    def refuse(_: Path) -> None:
        raise IntegrityError("older", code=ErrorCode.LEDGER_ROLLED_BACK)

    with pytest.raises(IntegrityError):
        restore(tmp_path / "b", tmp_path / "again", vkey=None, accept=refuse)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("member", ["../escaped", "/escaped", "./link", "./graph.db"])
def test_an_archive_cannot_reach_outside(tmp_path: Path, member: str) -> None:
    archive = tmp_path / "bad.tar"
    with tarfile.open(archive, "w") as opened:
        info = tarfile.TarInfo(member)
        if member == "./link":
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        else:
            info.size = 4
        opened.addfile(info, BytesIO(b"evil"))
    with pytest.raises(UsageError):
        restore(archive, tmp_path / "again", vkey=None, accept=accept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tar"]


def test_what_is_no_backup_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(UsageError):
        restore(tmp_path / "text", tmp_path / "again", vkey=None, accept=accept)


def test_an_export_is_a_log_for_strangers(data: Path, tmp_path: Path) -> None:
    export = tmp_path / "public"
    assert export_log(data, export) == 301
    key = vkey(data)
    verify_static(export, key).raise_first()
    assert len(read_log(export, key)) == 301
    names = {path.relative_to(export).as_posix() for path in export.rglob("*") if path.is_file()}
    assert {"checkpoint", "ledger.toml", "tile/0/000", "tile/entries/001.p/45"} <= names
    assert not any("key" in name.rpartition("/")[2] or "blob" in name for name in names)
    assert not any("p/120" in name for name in names)


def test_a_changed_ledger_is_neither_exported_nor_backed_up(data: Path, tmp_path: Path) -> None:
    tile = data / "ledger/static/tile/0/000"
    changed = bytearray(tile.read_bytes())
    changed[0] ^= 1
    tile.write_bytes(changed)
    for act in (export_log, back_up):
        with pytest.raises(IntegrityError):
            act(data, tmp_path / "copy")
        assert not (tmp_path / "copy").exists()
