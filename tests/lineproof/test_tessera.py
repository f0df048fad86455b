"""transparency-dev/tessera, a log and a client in Go that share no code with us, both ways.

Its fsck accepts our log and our witness's word; our verification accepts a log that its POSIX
driver wrote; and our witness, a process of its own, cosigns for it.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.signing import Signer
from ledger.verify import verify_static
from ledger.witness_policy import parse_witness_policy
from ledger.witnessing import Witnessing
from lineproof.cli.witness_key import witness_signer
from tests.ledger.builders import fill, open_log
from tests.ledger.static_server import web_server
from tests.ledger.tlog_reader import read_log
from tests.lineproof.test_witness import process

SOURCE = Path(__file__).parents[1] / "ledger/foreign/tessera"
STRANGER = Signer("stranger.example/log", bytes(range(32)))


@pytest.fixture(scope="module")
def tessera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed")
    program = tmp_path_factory.mktemp("bin") / "tessera"
    subprocess.run([go, "build", "-o", program, "."], cwd=SOURCE, check=True)
    return program


def run(program: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def serve_witness(folder: Path, log_key: str) -> list[str]:
    return ["witness", "serve", "--folder", str(folder), "--log", log_key]


def test_its_fsck_accepts_our_log_and_our_witness(tessera: Path, tmp_path: Path) -> None:
    log = open_log(tmp_path / "data")
    fill(log, 700, publish_every=333)
    witness = witness_signer(tmp_path / "w", "witness.example/w").verifier
    with process(*serve_witness(tmp_path / "w", log.vkey)) as url:
        policy = parse_witness_policy(f"witness w {witness.vkey} {url}\nquorum w\n")
        asking = Witnessing(tmp_path / "data", policy)
        assert asking.round().quorum
        asking.close()
    static = tmp_path / "data/ledger/static"
    done = run(tessera, "fsck", static, log.vkey, witness.vkey)
    wanted = "verified 700 entries of lineproof.local/ledger\n"
    assert (done.returncode, done.stdout) == (0, wanted), done.stderr
    with web_server(static) as url:
        assert run(tessera, "fsck", url, log.vkey).stdout == wanted
    for name in ("checkpoint", "tile/0/002.p/188", "tile/entries/001", "tile/1/000.p/2"):
        path = static / name
        original = path.read_bytes()
        changed = bytearray(original)
        changed[len(changed) // 4] ^= 1
        path.write_bytes(changed)
        assert run(tessera, "fsck", static, log.vkey).returncode == 1, name
        path.write_bytes(original)
    log.close()


def test_we_accept_a_log_that_it_wrote_and_that_our_witness_cosigned(
    tessera: Path, tmp_path: Path
) -> None:
    key, folder, policy_file = (tmp_path / name for name in ("key", "log", "policy"))
    key.write_text(STRANGER.key_file)
    witness = witness_signer(tmp_path / "w", "witness.example/w").verifier
    with process(*serve_witness(tmp_path / "w", STRANGER.verifier.vkey)) as url:
        policy_file.write_text(f"witness w {witness.vkey} {url}\nquorum w\n")
        for _ in range(2):
            done = run(tessera, "write", folder, key, 300, policy_file)
            assert (done.returncode, done.stdout) == (0, "wrote 300 entries\n"), done.stderr
    # Its own state stands beside the log.
    shutil.rmtree(folder / ".state", ignore_errors=True)
    report = verify_static(folder, STRANGER.verifier.vkey)
    report.raise_first()
    assert report.size == 600
    entries = read_log(folder, STRANGER.verifier.vkey)
    assert sorted(entries) == sorted([b"entry %d" % n for n in range(300)] * 2)
    policy = parse_witness_policy(policy_file.read_text())
    assert policy.satisfied(policy.cosigned((folder / "checkpoint").read_text()))
