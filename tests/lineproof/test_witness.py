"""Two teams witness each other: real processes, real sockets."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from domain.errors import ErrorCode, StaleError
from ledger.verify import verify_folder
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.cli.quorum import read_quorum, require_quorum, wait_for_quorum
from tests.lineproof.test_ledger_watch import grow, key_of

ROOT = Path(__file__).parents[2]


@contextmanager
def process(*argv: str) -> Iterator[str]:
    """A command that serves; the address that it prints."""
    command = [sys.executable, "-m", "lineproof", *argv, "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LINEPROOF_LOG_LEVEL": "error"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        try:
            assert running.stdout is not None
            yield running.stdout.readline().split()[-1]
        finally:
            running.terminate()
            assert running.wait(20) == 0


class _Team:
    def __init__(self, folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = folder / name
        self.witness = folder / f"{name}-witness"
        grow(self.data, "e", 20)
        self.log_key = key_of(self.data, capsys)
        witness = ["--folder", str(self.witness), "--key-name", f"{name}.example/witness"]
        assert main(["witness", "key", *witness]) == Exit.OK
        self.witness_key = capsys.readouterr().out.strip()

    def serve_witness(self, other: "_Team") -> list[str]:
        return ["witness", "serve", "--folder", str(self.witness), "--log", other.log_key]

    def trust(self, other: "_Team", url: str) -> Path:
        policy = self.data / "ledger/witnesses.policy"
        policy.write_text(f"witness other {other.witness_key} {url}\nquorum other\n")
        return policy


@pytest.fixture
def teams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[_Team, _Team]:
    return _Team(tmp_path, "a", capsys), _Team(tmp_path, "b", capsys)


def ask(team: _Team) -> int:
    return main(["witness", "ask", "--data", str(team.data)])


def proof_of(team: _Team, seq: int, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    where = ["--project", "p", "--data", str(team.data)]
    assert main(["ledger", "prove", str(seq), *where]) == Exit.OK
    return capsys.readouterr().out


def checkpoint(team: _Team) -> str:
    return (team.data / "ledger/static/checkpoint").read_text()


def test_two_teams_witness_each_other(
    teams: tuple[_Team, _Team], capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = teams
    with ExitStack() as stack:
        urls = [stack.enter_context(process(*t.serve_witness(o))) for t, o in ((a, b), (b, a))]
        policies = [a.trust(b, urls[1]), b.trust(a, urls[0])]
        for team, policy in zip(teams, policies, strict=True):
            assert ask(team) == Exit.OK
            assert "20 entries, cosigned by other" in capsys.readouterr().out
            grow(team.data, "more", 300)
            assert ask(team) == Exit.OK
            assert ask(team) == Exit.OK
            require_quorum(read_quorum(policy), checkpoint(team))
            report = verify_folder(team.data, vkey=team.log_key)
            report.raise_first()
            assert report.size == 320
    grow(a.data, "alone")
    assert ask(a) == Exit.CANNOT_JUDGE
    assert "cannot be reached" in capsys.readouterr().err


def test_a_proof_keeps_the_witnessed_checkpoint_and_a_fork_is_refused(
    teams: tuple[_Team, _Team], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    a, b = teams
    shutil.copytree(a.data, tmp_path / "twin")
    with process(*b.serve_witness(a)) as url:
        policy = read_quorum(a.trust(b, url))
        shutil.copy(a.data / "ledger/witnesses.policy", tmp_path / "twin/ledger")
        grow(a.data, "mine")
        assert ask(a) == Exit.OK
        grow(a.data, "later")
        old, new = proof_of(a, 3, capsys), proof_of(a, 26, capsys)
        require_quorum(policy, old.partition("\n\n")[2])
        with pytest.raises(StaleError) as caught:
            require_quorum(policy, new.partition("\n\n")[2])
        assert caught.value.code == ErrorCode.QUORUM_MISSING
        verify_folder(a.data).raise_first()
        grow(tmp_path / "twin", "theirs", 40)
        assert main(["witness", "ask", "--data", str(tmp_path / "twin")]) == Exit.INTEGRITY
        assert "code: LEDGER_FORKED" in capsys.readouterr().err
        witnessed = a.data / "ledger/witnessed"
        witnessed.write_text(witnessed.read_text().replace("\n25\n", "\n24\n"))
        assert not verify_folder(a.data).ok


def test_a_server_has_its_checkpoints_cosigned(teams: tuple[_Team, _Team]) -> None:
    a, b = teams
    with process(*b.serve_witness(a)) as url:
        policy = read_quorum(a.trust(b, url))
        with process("serve", "--data", str(a.data)):
            for _ in range(100):
                if policy.satisfied(policy.cosigned(checkpoint(a))):
                    break
                time.sleep(0.1)
        require_quorum(policy, checkpoint(a))


class _Backend:
    """Proves with a checkpoint that a witness cosigns after a while."""

    def __init__(self, proofs: list[str]) -> None:
        self.proofs = proofs

    def proof(self, seq: int) -> str:
        return self.proofs.pop(0) if len(self.proofs) > 1 else self.proofs[0]


def test_a_gate_waits_for_the_quorum_and_passes_nothing_without(
    teams: tuple[_Team, _Team],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a, b = teams
    bare = proof_of(a, 3, capsys)
    with process(*b.serve_witness(a)) as url:
        policy = str(a.trust(b, url))
        assert ask(a) == Exit.OK
    cosigned = proof_of(a, 3, capsys)
    monkeypatch.setattr("lineproof.cli.quorum.SECONDS", 0.0)
    wait_for_quorum(_Backend([cosigned]), {"leafIndex": 3}, policy)  # type: ignore[arg-type]
    for backend, answer in ((_Backend([bare]), {"leafIndex": 3}), (_Backend([]), {})):
        with pytest.raises(StaleError) as caught:
            wait_for_quorum(backend, answer, policy)  # type: ignore[arg-type]
        assert caught.value.code == ErrorCode.QUORUM_MISSING
    monkeypatch.setattr("lineproof.cli.quorum.SECONDS", 30.0)
    wait_for_quorum(_Backend([bare, cosigned]), {"leafIndex": 3}, policy)  # type: ignore[arg-type]


def test_wrong_usage_of_witnesses_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--folder", str(tmp_path / "w")]
    assert main(["witness", "key", *folder]) == Exit.USAGE
    assert main(["witness", "key", *folder, "--key-name", "a b"]) == Exit.USAGE
    assert main(["witness", "key", *folder, "--key-name", "a"]) == Exit.OK
    assert main(["witness", "key", *folder, "--key-name", "b"]) == Exit.USAGE
    assert main(["witness", "serve", *folder]) == Exit.USAGE
    vkey = capsys.readouterr().out.strip()
    assert main(["witness", "serve", *folder, "--log", vkey]) == Exit.USAGE
    assert main(["witness", "ask", "--data", str(tmp_path / "none")]) == Exit.CANNOT_JUDGE
    assert (tmp_path / "w/witness.key").stat().st_mode & 0o077 == 0
