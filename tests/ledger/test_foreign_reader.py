"""Readers that share no code with us accept our log, and refuse a changed one."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.signing import Signer
from ledger.verify import verify_static
from tests.ledger.builders import fill, open_log
from tests.ledger.tlog_reader import leaf, mth, read_log, resource

FOREIGN = Path(__file__).parent / "foreign"


@pytest.fixture(scope="module")
def log_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[bytes]]:
    """(static folder, vkey, entries) of a log with more than one full bundle."""
    data = tmp_path_factory.mktemp("foreign")
    log = open_log(data)
    fill(log, 700, publish_every=333)
    entries = [entry.data for entry in log.read(0, 700)]
    result = data / "ledger/static", log.vkey, entries
    log.close()
    return result


def test_a_reader_written_from_the_specification_accepts_it(
    log_folder: tuple[Path, str, list[bytes]],
) -> None:
    root, vkey, entries = log_folder
    assert read_log(root, vkey) == entries


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_it_accepts_every_shape_of_tree(tmp_path: Path, size: int) -> None:
    log = open_log(tmp_path)
    if size:
        fill(log, size)
    assert len(read_log(tmp_path / "ledger/static", log.vkey)) == size
    log.close()


def test_go_accepts_it(log_folder: tuple[Path, str, list[bytes]], tmp_path: Path) -> None:
    root, vkey, _ = log_folder
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed")
    program = tmp_path / "foreign"
    subprocess.run([go, "build", "-o", program, "."], cwd=FOREIGN, check=True)
    command = [program, root, vkey, "1", "256", "333", "699"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        0,
        "verified 700 entries of lineproof.local/ledger\n",
    ), done.stderr
    for name in ("checkpoint", "tile/0/002.p/188", "tile/entries/001", "tile/1/000.p/2"):
        changed = tmp_path / "changed"
        shutil.copytree(root, changed)
        data = bytearray((changed / name).read_bytes())
        data[len(data) // 2] ^= 1
        (changed / name).write_bytes(bytes(data))
        done = subprocess.run([program, changed, vkey], capture_output=True, text=True, check=False)
        assert done.returncode == 1, name
        shutil.rmtree(changed)


def test_our_verification_accepts_a_log_written_from_the_specification(tmp_path: Path) -> None:
    signer = Signer("stranger.example/log", bytes(range(32)))
    entries = [b"\xff\x00 not JSON %d" % n for n in range(600)]
    write_log(tmp_path, signer, entries)
    report = verify_static(tmp_path, signer.verifier.vkey)
    assert (report.ok, report.size) == (True, 600)


def write_log(root: Path, signer: Signer, entries: list[bytes]) -> None:
    """A tlog-tiles log of arbitrary entries, without our writer."""
    files: dict[str, bytes] = {}
    for n in range(0, len(entries), 256):
        part = entries[n : n + 256]
        bundle = b"".join(len(e).to_bytes(2, "big") + e for e in part)
        files[resource("entries", n // 256, len(part))] = bundle
    hashes, level = [leaf(entry) for entry in entries], 0
    text = base64.b64encode(mth(hashes)).decode()
    while hashes:
        for n in range(0, len(hashes), 256):
            part = hashes[n : n + 256]
            files[resource(str(level), n // 256, len(part))] = b"".join(part)
        hashes = [mth(hashes[256 * i : 256 * (i + 1)]) for i in range(len(hashes) // 256)]
        level += 1
    body = f"{signer.verifier.name}\n{len(entries)}\n{text}\n"
    files["checkpoint"] = signer.sign_note(body).encode()
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
