"""Whatever is changed in a ledger's files, verification finds it and names the place."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import ErrorCode, IntegrityError
from ledger.log import Log
from ledger.signing import generate_signer
from ledger.verify import VerifyReport, verify_folder, verify_static
from tests.ledger.builders import draft, fill, open_log

SIZE = 300
HARMLESS = {"ledger/open.lock", "ledger/publish.lock"}
"""Locks hold no data."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed log of 303 entries with superseded partial tiles, two blobs and no WAL."""
    data = tmp_path_factory.mktemp("whole")
    log = open_log(data)
    fill(log, SIZE, publish_every=290)
    log.append([draft(f"big{n}", payload={"text": f"{n}" * 17_000}) for n in range(2)])
    log.close()
    log = open_log(data)
    log.append([draft("last")])
    log.close()
    return data


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "copy")
    return tmp_path / "copy"


def files(data: Path) -> list[str]:
    found = (p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file())
    return sorted(set(found) - HARMLESS)


def vkey(data: Path) -> str:
    return next(
        line.split('"')[1]
        for line in (data / "ledger/ledger.toml").read_text().splitlines()
        if line.startswith("vkey")
    )


def test_a_whole_ledger_verifies(whole: Path) -> None:
    report = verify_folder(whole, vkey=vkey(whole))
    assert (report.ok, report.size, report.blobs, report.pending) == (True, SIZE + 3, 2, 0)
    assert report.superseded > 0
    assert report.files == len(files(whole / "ledger/static"))
    report.raise_first()
    assert verify_static(whole / "ledger/static", vkey(whole)).ok


def test_a_ledger_in_use_verifies_with_what_is_pending(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 10)
    log.append([draft("pending")])
    report = verify_folder(tmp_path)
    assert (report.ok, report.size, report.pending) == (True, 10, 1)
    log.close()
    assert verify_folder(tmp_path).size == 11


def test_the_kinds_of_files_are_all_here(whole: Path) -> None:
    names = files(whole)
    for wanted in (
        "keys/ledger.key",
        "ledger/ledger.toml",
        "ledger/sequencer.db",
        "ledger/static/checkpoint",
        "ledger/static/tile/0/000",
        "ledger/static/tile/0/001.p/34",
        "ledger/static/tile/0/001.p/47",
        "ledger/static/tile/1/000.p/1",
        "ledger/static/tile/entries/000",
        "ledger/static/tile/entries/001.p/34",
        "ledger/static/tile/entries/001.p/47",
    ):
        assert wanted in names
    assert sum(name.startswith("blobs/") for name in names) == 2


def may_be_absent(name: str) -> bool:
    """Superseded partial tiles, and the private key in an auditor's copy."""
    return name == "keys/ledger.key" or (".p/" in name and not name.endswith((".p/47", ".p/1")))


def test_every_file_removed_or_cut_is_found(copy: Path) -> None:
    for name in files(copy):
        path = copy / name
        original = path.read_bytes()
        path.unlink()
        assert verify_folder(copy).ok == may_be_absent(name), f"{name} removed"
        for keep in (0, 1, len(original) // 2, len(original) - 1):
            path.write_bytes(original[:keep])
            assert not verify_folder(copy).ok, f"{name} cut to {keep}"
        path.write_bytes(original)
    assert verify_folder(copy).ok


@given(st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_flipped_bit_is_found(copy: Path, data: st.DataObject) -> None:
    names = [name for name in files(copy) if name != "ledger/sequencer.db"]
    path = copy / data.draw(st.sampled_from(names))
    original = path.read_bytes()
    position = data.draw(st.integers(0, len(original) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(original)
    changed[position] ^= 1 << bit
    path.write_bytes(bytes(changed))
    try:
        assert not verify_folder(copy).ok
    finally:
        path.write_bytes(original)


def stored(data: Path) -> list[list[tuple[object, ...]]]:
    """All rows of the sequencer; a list per table."""
    with closing(sqlite3.connect(data / "ledger/sequencer.db")) as database:
        return [
            database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("head", "pending", "idem")
        ]


@pytest.mark.parametrize("name", [b"(seq INTEGER", b"STRICT", b"head (", b"published INTEGER"])
def test_a_bit_flipped_in_the_schema_of_the_sequencer_is_found(copy: Path, name: bytes) -> None:
    path = copy / "ledger/sequencer.db"
    original = path.read_bytes()
    first = original.index(name)
    for position in range(first, first + len(name)):
        if original[position : position + 1] != b" ":
            changed = bytearray(original)
            changed[position] ^= 0x80
            path.write_bytes(bytes(changed))
            assert [fault.path for fault in verify_folder(copy).faults] == ["ledger/sequencer.db"]


@given(st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_bit_flipped_in_the_sequencer_is_found_or_touches_nothing_stored(
    whole: Path, copy: Path, data: st.DataObject
) -> None:
    path = copy / "ledger/sequencer.db"
    original = (whole / "ledger/sequencer.db").read_bytes()
    changed = bytearray(original)
    changed[data.draw(st.integers(0, len(original) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(changed))
    for leftover in ("-wal", "-shm"):
        (copy / f"ledger/sequencer.db{leftover}").unlink(missing_ok=True)
    assert not verify_folder(copy).ok or stored(copy) == stored(whole)


def test_every_byte_of_the_small_files_counts(copy: Path) -> None:
    for name in ("ledger/static/checkpoint", "ledger/ledger.toml", "keys/ledger.key"):
        path = copy / name
        original = path.read_bytes()
        for position in range(0, len(original), 7):
            changed = bytearray(original)
            changed[position] ^= 1
            path.write_bytes(bytes(changed))
            assert not verify_folder(copy).ok, f"{name} byte {position}"
        path.write_bytes(original)


def first(report: VerifyReport) -> tuple[int | None, str]:
    return report.faults[0].seq, report.faults[0].path


def test_a_changed_entry_is_named_by_its_seq(copy: Path) -> None:
    path = copy / "ledger/static/tile/entries/000"
    path.write_bytes(path.read_bytes().replace(b'"e123"', b'"e12X"'))
    report = verify_folder(copy)
    assert first(report) == (123, "ledger/static/tile/entries/000")
    with pytest.raises(IntegrityError) as caught:
        report.raise_first()
    assert caught.value.code == ErrorCode.LEDGER_TAMPERED
    assert caught.value.context["seq"] == 123
    assert first(verify_static(copy / "ledger/static", vkey(copy))) == (123, "tile/entries/000")


def test_a_changed_leaf_hash_is_told_from_a_changed_entry(copy: Path) -> None:
    path = copy / "ledger/static/tile/0/000"
    data = bytearray(path.read_bytes())
    data[32 * 77] ^= 1
    path.write_bytes(bytes(data))
    assert first(verify_folder(copy)) == (77, "ledger/static/tile/0/000")


def test_an_entry_changed_together_with_its_hashes_does_not_lead_to_the_root(copy: Path) -> None:
    other = copy.parent / "other"
    log = open_log(other)
    fill(log, SIZE - 1, publish_every=290)
    log.append([draft("forged")])
    log.publish()
    log.close()
    for part in ("0", "1", "entries"):
        shutil.rmtree(copy / "ledger/static/tile" / part)
        shutil.copytree(other / "ledger/static/tile" / part, copy / "ledger/static/tile" / part)
    assert not verify_static(copy / "ledger/static", vkey(copy)).ok


def test_a_missing_payload_is_named_by_the_entry_that_needs_it(copy: Path) -> None:
    for path in (copy / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    assert verify_folder(copy).faults[0].seq == SIZE


def test_files_that_are_not_a_ledgers_are_reported(copy: Path) -> None:
    (copy / "ledger/static/tile/0/extra").write_bytes(b"x")
    assert not verify_folder(copy).ok


def test_another_key_is_refused(copy: Path) -> None:
    other = generate_signer("lineproof.local/ledger").verifier.vkey
    assert not verify_static(copy / "ledger/static", other).ok
    assert not verify_folder(copy, vkey=other).ok


def test_an_older_sequencer_is_refused_at_start_and_found(whole: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    log = open_log(data)
    fill(log, 5)
    log.close()
    old = (data / "ledger/sequencer.db").read_bytes()
    log = open_log(data)
    fill(log, 5, prefix="later")
    log.close()
    (data / "ledger/sequencer.db").write_bytes(old)
    assert not verify_folder(data).ok
    with pytest.raises(IntegrityError) as caught:
        open_log(data)
    assert caught.value.code == ErrorCode.LEDGER_ROLLED_BACK
    (data / "ledger/sequencer.db").unlink()
    with pytest.raises(IntegrityError) as caught:
        open_log(data)
    assert caught.value.code == ErrorCode.LEDGER_ROLLED_BACK
    assert "recover" in caught.value.hint


def test_older_static_files_are_refused_at_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    log = open_log(data)
    fill(log, 5)
    old = log.checkpoint().text
    fill(log, 5, prefix="later")
    log.close()
    (data / "ledger/static/checkpoint").write_text(old)
    assert not verify_folder(data).ok
    with pytest.raises(IntegrityError) as caught:
        Log.open(data, clock=log._clock)
    assert caught.value.code == ErrorCode.LEDGER_ROLLED_BACK


def test_an_idempotency_key_changed_in_the_sequencer_is_found(copy: Path) -> None:
    with closing(sqlite3.connect(copy / "ledger/sequencer.db")) as database, database:
        database.execute("UPDATE idem SET digest = zeroblob(32) WHERE seq = 42")
    assert first(verify_folder(copy)) == (42, "ledger/sequencer.db")


def test_a_file_that_is_rubbish_from_end_to_end_gives_a_bounded_report(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify_tree.MAX_FAULTS", 10)
    path = copy / "ledger/static/tile/0/000"
    path.write_bytes(bytes(b ^ 0xFF for b in path.read_bytes()))
    report = verify_folder(copy)
    assert [fault.seq for fault in report.faults] == list(range(10))


def test_what_a_publisher_removes_meanwhile_is_no_fault(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = copy / "ledger/static/tile/entries"
    looked = Path.is_dir

    def is_dir(path: Path) -> bool:
        """The folder goes between being listed and being looked at."""
        if path.name == "gone.p":
            path.rmdir()
            return False
        return looked(path)

    (entries / "gone.p").mkdir()
    monkeypatch.setattr(Path, "is_dir", is_dir)
    assert verify_folder(copy).ok
