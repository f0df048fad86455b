"""The tutorial, run as a reader would: its YAML saved, its Python run, its commands given."""

import re
import shlex
from pathlib import Path

import pytest

from lineproof.cli.main import main
from tests.e2e.mlflow_server import running_server

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "from-runs-to-verdict.md"
ADDRESS = "http://127.0.0.1:8420"
EXITS = re.compile(r"# exits (\d)(?: or (\d))?")


def test_from_runs_to_cause_to_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("LINEPROOF_DATA", "LINEPROOF_PROJECT", "LINEPROOF_URL"):
        monkeypatch.delenv(variable, raising=False)
    names: dict[str, object] = {"__name__": "tutorial"}
    printed: list[str] = []
    with running_server(tmp_path / "data") as server:
        text = PAGE.read_text(encoding="utf-8").replace(ADDRESS, server.url)
        for language, block in re.findall(r"```(yaml|python|console)\n(.*?)```", text, re.DOTALL):
            if language == "yaml":
                Path("lineproof.yaml").write_text(block, encoding="utf-8")
            elif language == "python":
                exec(compile(block, PAGE.name, "exec"), names)
            else:
                for line in block.splitlines():
                    capsys.readouterr()
                    give(line)
                    printed.append(capsys.readouterr().out)
    _, table, why, verdict, _ = printed
    assert "CONFOUNDED(2) for accuracy" in table
    assert "training data digits-train v2" in table
    assert "param alpha 0.0001 → 0.001" in table
    assert "Runs that would separate them" in table
    assert "ISOLATED: training data digits-train v2" in why
    assert "alone it moved -" in why
    assert "FAIL" in verdict


def give(line: str) -> None:
    """Run one command; it exits as its comment says, else 0."""
    expected = EXITS.search(line)
    allowed = {int(code) for code in expected.groups() if code} if expected else {0}
    words = shlex.split(line.removeprefix("$ lineproof "), comments=True)
    assert main(words) in allowed, line
