"""Verification of what others added to a checkpoint, and of files that clients stored."""

from pathlib import Path

import pytest

from domain.artifact import ARTIFACT_LOGGED
from domain.canonical import JsonObject
from ledger import note
from ledger.backup import back_up, restore
from ledger.cosignature import cosign
from ledger.entry import Draft
from ledger.erasure import erase_subject
from ledger.signing import COSIGNATURE, Signer
from ledger.verify import VerifyReport, verify_folder, verify_static
from ledger.witness_policy import parse_witness_policy
from tests.ledger.builders import fill, open_log
from tests.ledger.test_erasure import CLOCK

WITNESS = Signer("witness.example/w", bytes(range(1, 33)), COSIGNATURE)
OTHER = Signer("other.example/w", bytes(range(2, 34)), COSIGNATURE)
POLICY = f"witness w {WITNESS.verifier.vkey}\nquorum w\n"
NOW = 1_700_000_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    log = open_log(folder)
    fill(log, 300)
    log.close()
    return folder


def add_lines(data: Path, *lines: str, name: str = "static/checkpoint") -> None:
    path = data / "ledger" / name
    text = (data / "ledger/static/checkpoint").read_text()
    path.write_text(text + "".join(lines))


def signed(data: Path, witness: Signer, *, body: str = "") -> str:
    text = (data / "ledger/static/checkpoint").read_text()
    return cosign(body or text.partition("\n\n")[0] + "\n", witness, NOW)


def verified(data: Path, policy: str = POLICY) -> list[VerifyReport]:
    """The same judged of the folder, and of its static files alone."""
    vkey = next(
        line.split('"')[1]
        for line in (data / "ledger/ledger.toml").read_text().splitlines()
        if line.startswith("vkey")
    )
    witnesses = parse_witness_policy(policy)
    return [
        verify_folder(data, witnesses=witnesses),
        verify_static(data / "ledger/static", vkey, witnesses=witnesses),
    ]


def test_cosignatures_of_known_witnesses_are_judged_and_others_listed(data: Path) -> None:
    add_lines(data, signed(data, WITNESS), signed(data, OTHER))
    for report in verified(data):
        report.raise_first()
        assert report.cosigned == {WITNESS.verifier.name}
        assert report.strangers == {f"{OTHER.verifier.name}+{OTHER.verifier.key_id.hex()}"}


@pytest.mark.parametrize("wrong", ["another body", "cut"])
def test_a_wrong_cosignature_of_a_known_witness_is_a_fault(data: Path, wrong: str) -> None:
    line = signed(data, WITNESS, body="other\n1\nAAAA\n")
    if wrong == "cut":
        key = WITNESS.verifier
        line = note.signature_line(key.name, key.key_id, b"\0" * 8)
    add_lines(data, line)
    for report in verified(data):
        (fault,) = report.faults
        assert fault.path.endswith("checkpoint")
        assert fault.message == "the cosignature of witness.example/w is wrong"


def test_the_ledgers_own_policy_names_its_witnesses(data: Path) -> None:
    add_lines(data, signed(data, WITNESS, body="other\n1\nAAAA\n"))
    assert verify_folder(data).ok
    policy = data / "ledger/witnesses.policy"
    policy.write_text(POLICY)
    assert [fault.path for fault in verify_folder(data).faults] == ["ledger/static/checkpoint"]
    policy.write_text("witness w\n")
    assert [fault.path for fault in verify_folder(data).faults] == ["ledger/witnesses.policy"]


def test_the_kept_checkpoint_is_judged_and_backed_up(data: Path, tmp_path: Path) -> None:
    (data / "ledger/witnesses.policy").write_text(POLICY)
    add_lines(data, signed(data, WITNESS), name="witnessed")
    assert verify_folder(data).cosigned == {WITNESS.verifier.name}
    back_up(data, tmp_path / "b.tar")
    restore(tmp_path / "b.tar", tmp_path / "again", vkey=None, accept=lambda _: None)
    for name in ("witnesses.policy", "witnessed"):
        before, after = (folder / "ledger" / name for folder in (data, tmp_path / "again"))
        assert after.read_bytes() == before.read_bytes()
    add_lines(data, signed(data, WITNESS, body="other\n1\nAAAA\n"), name="witnessed")
    assert [fault.path for fault in verify_folder(data).faults] == ["ledger/witnessed"]


def stored_file(data: Path, subject: str) -> Path:
    """Record a file, sealed for ``subject`` if there is one; its blob."""
    log = open_log(data)
    payload: JsonObject = {"path": "0/r/artifacts/f", "run_id": "r", "size": 1}
    if subject:
        with log.sealer.receive(log.blobs, subject) as upload:
            upload.write(b"x")
            payload["digest"] = upload.keep()
            payload["blob"], payload["sealed_for"] = upload.blob, upload.subject
        blob = upload.blob
    else:
        payload["digest"] = blob = log.blobs.put(b"x")
    log.append([Draft(ARTIFACT_LOGGED, "p", "a", "test", "file", payload, subject=subject)])
    path = log.blobs.path(blob)
    log.close()
    return path


@pytest.mark.parametrize("subject", ["", "alice"])
def test_a_stored_file_that_is_missing_is_named_by_its_entry(data: Path, subject: str) -> None:
    path = stored_file(data, subject)
    verify_folder(data).raise_first()
    path.unlink()
    (fault,) = verify_folder(data).faults
    assert (fault.seq, fault.message) == (300, "the file of entry 300 is missing")
    assert fault.path == path.relative_to(data).as_posix()
    if subject:
        erase_subject(data, subject, actor="", clock=CLOCK)
        verify_folder(data).raise_first()
