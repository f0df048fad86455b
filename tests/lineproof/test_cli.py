"""The command line through its front door: exit codes, words on stderr, fast starts."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from domain.errors import ErrorCode, UsageError
from domain.verdict import Outcome
from lineproof.cli.exit_codes import Exit, exit_of_code, exit_of_outcome
from lineproof.cli.gate import request_of
from lineproof.cli.main import build_parser, main
from lineproof.cli.run_set import run_set

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "cli.md"
NOWHERE = "http://127.0.0.1:1"


def _environment(**extra: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if "LINEPROOF" not in name}
    return {**inherited, "PYTHONPATH": str(ROOT), **extra}


def _lineproof(*argv: str, cwd: Path, **extra: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "lineproof", *argv],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=_environment(**extra),
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.PASS, 0),
        (Outcome.WARN, 0),
        (Outcome.FAIL, 1),
        (Outcome.INCONCLUSIVE, 3),
        (Outcome.ERROR, 3),
    ],
)
def test_a_verdict_exits_as_documented(outcome: Outcome, code: int) -> None:
    assert exit_of_outcome(outcome) == code


def test_no_error_exits_as_a_pass_or_as_a_failed_gate() -> None:
    for code in ErrorCode:
        held = code is ErrorCode.QUARANTINED
        assert exit_of_code(code) != Exit.OK, code
        assert (exit_of_code(code) == Exit.FAILED) == held, code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (ErrorCode.CONFIG_INVALID, 2),
        (ErrorCode.POLICY_INVALID, 2),
        (ErrorCode.NOT_FOUND, 3),
        (ErrorCode.STALE, 3),
        (ErrorCode.LEDGER_TAMPERED, 4),
        (ErrorCode.LEDGER_ROLLED_BACK, 4),
        (ErrorCode.REPLAY_DIVERGED, 4),
        (ErrorCode.PROOF_INVALID, 4),
        (ErrorCode.BACKEND_UNAVAILABLE, 5),
        (ErrorCode.INTERNAL, 5),
    ],
)
def test_an_error_exits_as_documented(code: ErrorCode, expected: int) -> None:
    assert exit_of_code(code) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r1", {"runs": ["r1"]}),
        ("r1, r2", {"runs": ["r1", "r2"]}),
        ("group:r1", {"group": "r1"}),
        ("metrics.acc > 0.9", {"filter": "metrics.acc > 0.9", "experiments": ["7"]}),
        ("tags.a LIKE 'b%'", {"filter": "tags.a LIKE 'b%'", "experiments": ["7"]}),
        ("params.x is null", {"filter": "params.x is null", "experiments": ["7"]}),
        ("@other:r1,r2", {"runs": ["r1", "r2"], "projects": ["other"]}),
        ("@a, b:group:r1", {"group": "r1", "projects": ["a", "b"]}),
        ("@a:m.x > 1", {"filter": "m.x > 1", "experiments": ["7"], "projects": ["a"]}),
    ],
)
def test_run_sets_are_read_as_documented(text: str, expected: dict[str, object]) -> None:
    assert run_set(text, ["7"]) == expected


@pytest.mark.parametrize("text", ["@other", "@:r1", "@a,:r1", "@a:"])
def test_a_set_elsewhere_names_where_and_what(text: str) -> None:
    with pytest.raises(UsageError):
        run_set(text)


def test_a_filter_without_experiments_looks_in_all() -> None:
    assert run_set("params.lr = '0.1'") == {"filter": "params.lr = '0.1'"}


@pytest.mark.parametrize("text", ["", "a,,b", "group:", "two words", ","])
def test_what_names_no_runs_is_a_usage_error(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--policy", "p", f"--candidate={text}", "--url", NOWHERE]) == Exit.USAGE
    assert "code: INVALID_ARGUMENT" in capsys.readouterr().err


def test_a_gate_request_holds_what_was_said_and_nothing_else() -> None:
    arguments = build_parser().parse_args(
        [
            "gate",
            "--policy=release",
            "--candidate=a,b",
            "--baseline=group:c",
            "--ci-commit=abc",
            "--ci-pull-request=7",
            "--idempotency-key=k",
            "--dry-run",
        ]
    )
    assert request_of(arguments) == {
        "policy": "release",
        "candidate": {"runs": ["a", "b"]},
        "baseline": {"group": "c"},
        "ci": {"commit": "abc", "pullRequest": "7"},
        "idempotencyKey": "k",
        "dryRun": True,
    }


def test_an_error_is_words_a_hint_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verdict", "show", "v", "--url", NOWHERE]) == Exit.UNREACHABLE
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert lines[0].startswith("lineproof: The server http://127.0.0.1:1 cannot be reached")
    assert lines[1].startswith("  hint: ")
    assert lines[-1] == "  code: BACKEND_UNAVAILABLE"


def test_an_error_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "apply", "a\x1b[2Jb\nc"]) == Exit.USAGE
    printed = capsys.readouterr().err
    assert "a\\u001b[2Jb\\u000ac cannot be read" in printed
    assert len(printed.splitlines()) == 2


def test_an_unexpected_failure_shows_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object) -> int:
        raise ZeroDivisionError("password=hunter2")

    monkeypatch.setattr("lineproof.cli.ledger_key.run", explode)
    assert main(["ledger", "key"]) == Exit.UNREACHABLE
    printed = capsys.readouterr().err
    assert "ZeroDivisionError" in printed
    assert "Traceback" not in printed
    assert "hunter2" not in printed


@pytest.mark.parametrize(
    "argv",
    [
        ["gate"],
        ["gate", "--policy", "p"],
        ["gate", "--policy", "p", "--candidate", "r", "--url", "ftp://x"],
        ["serve", "--port", "70000"],
        ["serve", "--graph", "postgres://x"],
        ["policy", "apply", "/nowhere/lineproof.yaml"],
        ["ledger", "prove", "--url", NOWHERE, "--", "-1"],
        ["ledger", "verify", "/nowhere"],
        ["ledger", "key", "--data", "/nowhere"],
        ["replay", "verdict"],
        ["replay", "verdict", "id", "--all"],
        ["gate", "verify", "/nowhere.json", "--proof", "/nowhere", "--key", "k"],
    ],
)
def test_wrong_usage_exits_2(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == Exit.USAGE
    assert "code: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv", [[], ["nonsense"], ["gate", "--pol", "p"], ["gate", "--format", "xml"], ["ledger"]]
)
def test_an_unknown_command_line_exits_2(
    argv: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == Exit.USAGE
    assert "usage: lineproof" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", "127.0.0.2", ""])
def test_only_loopback_is_served(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", f"--host={host}", "--port=0"]) == Exit.USAGE
    assert "code: CONFIG_INVALID" in capsys.readouterr().err


def test_a_named_folder_beats_a_server_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("LINEPROOF_URL", NOWHERE)
    assert main(["verdict", "show", "v"]) == Exit.UNREACHABLE
    file = tmp_path / "file"
    file.write_text("")
    assert main(["verdict", "show", "v", "--data", str(file)]) != Exit.OK
    assert NOWHERE not in capsys.readouterr().err.splitlines()[-1]


def test_a_cold_gate_imports_no_heavy_package(tmp_path: Path) -> None:
    script = (
        "import json, sys\n"
        "from lineproof.cli.main import main\n"
        f"main(['gate', '--policy', 'p', '--candidate', 'r', '--url', {NOWHERE!r}])\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=_environment(),
        timeout=60,
        check=True,
    )
    loaded = set(json.loads(done.stdout))
    heavy = {"polars", "deltalake", "pyarrow", "neo4j", "strawberry", "graphql", "mpmath"}
    assert not loaded & (heavy | {"starlette", "uvicorn", "cryptography", "structlog", "yaml"})


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    done = _lineproof("gate", "--policy=p", "--candidate=r", f"--url={NOWHERE}", cwd=tmp_path)
    assert done.returncode == Exit.UNREACHABLE
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_foreign_package_in_the_working_folder_does_not_get_in(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "__init__.py").write_text("print('foreign code ran')\n")
    done = _lineproof("ledger", "key", cwd=tmp_path)
    assert done.returncode == Exit.USAGE
    assert "code: SHADOWED_PACKAGE" in done.stderr
    assert "foreign code ran" not in done.stdout


def _commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found = [parser]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found += _commands(command)
    return found


def test_the_reference_shows_the_help_of_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    text = REFERENCE.read_text()
    for command in _commands(build_parser()):
        block = f"## `{command.prog}`\n\n```text\n{command.format_help()}```\n"
        assert block in text, command.prog
    assert text.count("\n## `lineproof") == len(_commands(build_parser()))
