"""Erasable payloads: sealed at rest, gone for ever when erased, and never a hole in the proof."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.canonical import JsonObject
from domain.clock import FrozenClock
from domain.errors import ConflictError, ErrorCode, IntegrityError, NotFoundError, UsageError
from ledger.backup import back_up, restore
from ledger.entry import SOFT_LIMIT, Draft
from ledger.erasure import PAYLOAD_ERASED, Erasure, erase_subject
from ledger.log import Log
from ledger.recover import rebuild_sequencer
from ledger.sealing import UNREADABLE
from ledger.verify import verify_folder, verify_static
from tests.ledger.builders import draft, open_log

CLOCK = FrozenClock(9_000)
ALICE = "alice@example.com"
SECRET = "she lives in Graz"


def sealed(idem: str, subject: str = ALICE, payload: JsonObject | None = None) -> Draft:
    return Draft(
        type="run.logged",
        project="p",
        actor=subject,
        source="test",
        idem=idem,
        payload={"text": SECRET, "n": idem} if payload is None else payload,
        subject=subject,
    )


def erase(data: Path, subject: str = ALICE) -> Erasure:
    return erase_subject(data, subject, actor="", clock=CLOCK)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    log = open_log(folder)
    log.append([draft("open"), sealed("a"), sealed("b", "bob")])
    log.append([sealed("large", payload={"text": SECRET * SOFT_LIMIT})])
    log.close()
    return folder


def read(data: Path) -> list[tuple[str, JsonObject]]:
    log = open_log(data)
    entries = [(entry.type, entry.payload) for entry in log.read(0, 99)]
    log.close()
    return entries


def everything(data: Path) -> bytes:
    return b"\n".join(p.read_bytes() for p in sorted(data.rglob("*")) if p.is_file())


def test_a_sealed_payload_reads_back_and_stands_nowhere_in_the_clear(data: Path) -> None:
    entries = read(data)
    assert entries[1] == ("run.logged", {"text": SECRET, "n": "a"})
    assert entries[3] == ("run.logged", {"text": SECRET * SOFT_LIMIT})
    stored = everything(data)
    for word in (SECRET, ALICE):
        assert word.encode() not in stored
    report = verify_folder(data)
    report.raise_first()
    assert (report.sealed, report.erased) == (3, 0)


def test_erasing_one_subject_leaves_the_others_and_the_proof(data: Path) -> None:
    log = open_log(data)
    before, old = log.checkpoint(), log.prove(1)
    log.close()
    erasure = erase(data)
    entries = read(data)
    assert entries[0][0] == "run.started"
    assert entries[1] == (UNREADABLE, {"subject": erasure.pseudonym, "type": "run.logged"})
    assert entries[2][1] == {"text": SECRET, "n": "b"}
    assert entries[3][0] == UNREADABLE
    assert entries[4] == (PAYLOAD_ERASED, {"subject": erasure.pseudonym})
    report = verify_folder(data)
    report.raise_first()
    assert (report.size, report.sealed, report.erased) == (5, 3, 2)
    log = open_log(data)
    assert log.prove(1) != old
    assert log.consistency_proof(before.size, 5)
    log.close()


def test_erasing_again_or_after_a_crash_finishes_it(data: Path) -> None:
    first = erase(data)
    assert erase(data) == first
    key = data / f"keys/subjects/{first.pseudonym}.key"
    assert not key.exists()
    assert (data / f"keys/subjects/{first.pseudonym}.erased").exists()
    assert len(read(data)) == 5


def test_a_key_that_came_back_is_found_and_erased_again(data: Path) -> None:
    keys = data / "keys/subjects"
    kept = {path.name: path.read_bytes() for path in keys.glob("*.key")}
    erasure = erase(data)
    (keys / f"{erasure.pseudonym}.key").write_bytes(kept[f"{erasure.pseudonym}.key"])
    (fault,) = verify_folder(data).faults
    assert fault.seq == 4
    assert "erase it again" in fault.message
    erase(data)
    verify_folder(data).raise_first()


@pytest.mark.parametrize("damage", ["missing", "changed", "cut"])
def test_a_key_that_is_lost_without_an_erasure_is_a_fault(data: Path, damage: str) -> None:
    for path in (data / "keys/subjects").glob("*.key"):
        if damage == "missing":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(path.read_bytes()[:-1])
        else:
            path.write_bytes(b"f" * 64 + path.read_bytes()[64:])
    faults = verify_folder(data).faults
    assert [fault.seq for fault in faults] == [1, 2]
    shutil.rmtree(data / "keys/subjects")
    verify_folder(data).raise_first()


def test_nothing_more_is_recorded_of_an_erased_subject(data: Path) -> None:
    erase(data)
    log = open_log(data)
    with pytest.raises(UsageError) as caught:
        log.append([sealed("late")])
    assert caught.value.code == ErrorCode.ERASED
    assert log.append([sealed("other", "carol")])[0].seq == 5
    log.close()


def test_an_unknown_subject_and_a_ledger_in_use_are_refused(data: Path) -> None:
    with pytest.raises(NotFoundError):
        erase(data, "nobody")
    with pytest.raises(UsageError):
        erase(data, " ")
    log = open_log(data)
    with pytest.raises(ConflictError):
        erase(data)
    log.close()
    assert read(data)[1][0] == "run.logged"


@given(texts=st.lists(st.text(max_size=20), min_size=1, max_size=8))
@settings(max_examples=20, deadline=None)
def test_a_repeated_request_is_a_repetition(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("repeat")
    drafts = [sealed(f"{n}", payload={"text": text}) for n, text in enumerate(texts)]
    for repeated in (False, True):
        log = open_log(folder)
        receipts = log.append(drafts)
        assert [r.seq for r in receipts] == list(range(len(drafts)))
        assert all(r.repeated is repeated for r in receipts)
        assert [e.payload["text"] for e in log.read(0, 9)] == texts
        log.close()


def test_the_same_key_with_other_content_is_a_conflict(data: Path) -> None:
    log = open_log(data)
    with pytest.raises(ConflictError) as caught:
        log.append([sealed("a", payload={"text": "other"})])
    assert caught.value.code == ErrorCode.IDEMPOTENCY_CONFLICT
    log.close()


def test_a_sealed_payload_cannot_move_to_another_entry(data: Path) -> None:
    """The project, the type and the subject are part of what the cipher vouches for."""
    log = open_log(data)
    entry = next(log.read(1, 2))
    payload: JsonObject = __import__("json").loads(entry.data)["payload"]
    moved = Draft("run.started", "p", "", "test", "moved", payload)
    (receipt,) = log.append([moved])
    with pytest.raises(IntegrityError):
        list(log.read(receipt.seq, receipt.seq + 1))
    log.close()


def test_an_export_and_a_rebuilt_sequencer_know_nothing_more(data: Path, tmp_path: Path) -> None:
    erasure = erase(data)
    log = open_log(data)
    key = log.vkey
    log.close()
    assert verify_static(data / "ledger/static", key).ok
    (data / "ledger/sequencer.db").unlink()
    assert rebuild_sequencer(data) == 5
    assert read(data)[1] == (UNREADABLE, {"subject": erasure.pseudonym, "type": "run.logged"})


def test_a_backup_keeps_what_can_be_read_and_what_cannot(data: Path, tmp_path: Path) -> None:
    erase(data)
    back_up(data, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "again", vkey=None, accept=lambda _: None)
    assert read(tmp_path / "again") == read(data)
    report = verify_folder(tmp_path / "again")
    report.raise_first()
    assert report.erased == 2


def test_two_processes_agree_on_one_key(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    folder = tmp_path / "data"
    open_log(folder).close()
    logs = [Log.open(folder, clock=CLOCK, background=False) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: logs[n].append([sealed(f"{n}")]), range(4)))
    assert [e.type for e in logs[0].read(0, 4)] == ["run.logged"] * 4
    for log in logs:
        log.close()
    assert len(list((folder / "keys/subjects").glob("*.key"))) == 1
