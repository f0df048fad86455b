"""Key rotation: old keys lead to new ones, and a crash at any step changes neither."""

import shutil
from pathlib import Path

import pytest

from domain.clock import FrozenClock
from domain.errors import ConflictError, ErrorCode, IntegrityError, NotFoundError, UsageError
from ledger.durable import OsFs
from ledger.folder import Paths
from ledger.manifest import Manifest, parse_manifest, pinned_manifest
from ledger.proof import verify_proof
from ledger.rotation import Rotation, rotate_key
from ledger.verify import verify_folder, verify_static, verify_url
from tests.ledger.builders import draft, fill, open_log
from tests.ledger.static_server import web_server

CLOCK = FrozenClock(5_000)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    log = open_log(folder)
    fill(log, 3)
    log.close()
    return folder


def rotate(data: Path) -> Rotation:
    return rotate_key(data, actor="tester", clock=CLOCK)


def manifest(data: Path) -> Manifest:
    return parse_manifest(Paths(data).manifest.read_bytes())


def grow(data: Path, prefix: str) -> str:
    """Append one entry; the proof of it."""
    log = open_log(data)
    (receipt,) = log.append([draft(prefix)])
    proof = log.prove(receipt.seq)
    log.close()
    return proof


def test_the_ledger_goes_on_under_the_new_key(data: Path) -> None:
    first = rotate(data)
    assert first.from_size == 4
    proof = grow(data, "after")
    second = rotate(data)
    assert second.old == first.new
    assert second.from_size == 6
    grow(data, "last")
    assert [key.from_size for key in manifest(data).keys] == [0, 4, 6]
    for pinned in (first.old, first.new, second.new, None):
        report = verify_folder(data, vkey=pinned)
        report.raise_first()
        assert report.size == 7
    log = open_log(data)
    entry = next(log.read(4, 5)).data
    rotated = next(log.read(3, 4))
    log.close()
    assert rotated.type == "ledger.key_rotated"
    assert verify_proof(proof, entry, first.new).size == 5
    with pytest.raises(IntegrityError):
        verify_proof(proof, entry, first.old)
    keys = Paths(data).manifest.read_bytes()
    assert verify_proof(proof, entry, first.old, keys=keys).size == 5
    with pytest.raises(IntegrityError):
        verify_proof(proof, entry, second.new, keys=keys)


def test_old_checkpoints_and_proofs_hold_under_the_old_key(data: Path) -> None:
    log = open_log(data)
    proof, entry, text = log.prove(1), next(log.read(1, 2)).data, log.checkpoint().text
    log.close()
    rotation = rotate(data)
    grow(data, "after")
    assert verify_proof(proof, entry, rotation.old).size == 3
    assert pinned_manifest(Paths(data).manifest.read_bytes(), rotation.old).open(text).size == 3


def test_the_tree_that_hands_over_is_signed_by_both(data: Path) -> None:
    rotation = rotate(data)
    text = (data / "ledger/static/checkpoint").read_text()
    for vkey in (rotation.old, rotation.new):
        assert pinned_manifest(None, vkey).open(text).size == 4
        assert verify_static(data / "ledger/static", vkey).ok


def test_the_old_key_signs_nothing_later(data: Path, tmp_path: Path) -> None:
    """Whoever stole the old key can go on signing, but nobody who knows of the new one listens."""
    stolen = tmp_path / "stolen"
    rotation = rotate(data)
    shutil.copytree(data, stolen)
    known = manifest(data)
    grow(data, "after")
    # The thief's ledger is the one before the rotation, continued.
    shutil.rmtree(stolen)
    log = open_log(stolen)
    fill(log, 9, prefix="thief")
    forged = log.checkpoint().text
    log.close()
    with pytest.raises(IntegrityError) as caught:
        known.open(forged)
    assert caught.value.code == ErrorCode.CHECKPOINT_INVALID
    assert rotation.new == known.keys[-1].verifier.vkey


def test_a_key_cannot_be_slipped_in(data: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    open_log(stranger).close()
    theirs = manifest(stranger).keys[0]
    ours = manifest(data)
    rotation = rotate(data)
    honest = manifest(data)
    for keys in (
        (*ours.keys, type(theirs)(theirs.verifier, 4, honest.keys[1].rotation)),
        (*honest.keys, type(theirs)(theirs.verifier, 4)),
    ):
        with pytest.raises((UsageError, IntegrityError)):
            parse_manifest(Manifest(ours.origin, keys).text().encode())
    paths = Paths(data)
    paths.manifest.write_text(Manifest(ours.origin, ours.keys).text())
    report = verify_folder(data, vkey=rotation.old)
    assert [fault.seq for fault in report.faults][:1] == [3]


def test_a_rotation_that_no_entry_tells_of_is_found(data: Path, tmp_path: Path) -> None:
    rotate(data)
    honest = manifest(data)
    moved = type(honest.keys[1])(honest.keys[1].verifier, 3, honest.keys[1].rotation)
    Paths(data).manifest.write_text(Manifest(honest.origin, (honest.keys[0], moved)).text())
    assert not verify_folder(data).ok


def test_over_http_the_old_key_leads_to_the_new(data: Path) -> None:
    rotation = rotate(data)
    grow(data, "after")
    shutil.copy(Paths(data).manifest, data / "ledger/static/ledger.toml")
    with web_server(data / "ledger/static") as url:
        for vkey in (rotation.old, rotation.new):
            report = verify_url(url, vkey)
            report.raise_first()
            assert report.size == 5


def test_a_ledger_in_use_is_not_rotated(data: Path) -> None:
    log = open_log(data)
    with pytest.raises(ConflictError):
        rotate(data)
    log.close()
    with pytest.raises(NotFoundError):
        rotate(data / "nothing")


class _CrashingFs(OsFs):
    """Fails for ever from the n-th change on, as a process that died."""

    def __init__(self, after: int) -> None:
        self.left = after

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def write(self, path: Path, data: bytes, mode: int) -> None:
        self._step()
        super().write(path, data, mode)

    def sync(self, path: Path) -> None:
        self._step()
        super().sync(path)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)


def test_a_crash_at_any_step_is_finished_by_asking_again(data: Path, tmp_path: Path) -> None:
    old = manifest(data).keys[0].verifier.vkey
    crashes = 0
    for step in range(200):
        copy = tmp_path / str(step)
        shutil.copytree(data, copy)
        try:
            rotate_key(copy, actor="tester", clock=CLOCK, fs=_CrashingFs(step))
        except KeyboardInterrupt:
            crashes += 1
        else:
            break
        faults = verify_folder(copy, vkey=old).faults
        assert [fault.path for fault in faults] in ([], ["ledger/ledger.toml"])
        assert not faults or Paths(copy).next_signing_key.exists()
        try:
            grow(copy, "between")
        except ConflictError as refused:
            assert "keys rotate" in refused.hint
        if Paths(copy).next_signing_key.exists() or len(manifest(copy).keys) == 1:
            rotate(copy)
        grow(copy, "after")
        verify_folder(copy, vkey=old).raise_first()
        assert len(manifest(copy).keys) == 2
        assert not Paths(copy).next_signing_key.exists()
        shutil.rmtree(copy)
    assert crashes > 10
