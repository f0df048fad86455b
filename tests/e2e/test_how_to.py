"""The how-to pages, run as a reader would: their Python against a server, their commands too."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineproof.cli.main import main
from tests.e2e.mlflow_server import RunningServer, running_server

PAGES = Path(__file__).parent.parent.parent / "docs" / "how-to"
ADDRESS = "http://127.0.0.1:8420"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    monkeypatch.chdir(tmp_path)
    for variable in ("LINEPROOF_DATA", "LINEPROOF_PROJECT"):
        monkeypatch.delenv(variable, raising=False)
    with running_server(tmp_path / "data") as running:
        monkeypatch.setenv("LINEPROOF_URL", running.url)
        yield running


def follow(page: str, server: RunningServer) -> dict[str, Any]:
    """Run each block in order; a command that fails, fails the page. What Python defined."""
    text = (PAGES / page).read_text().replace(ADDRESS, server.url)
    names: dict[str, Any] = {"__name__": "how_to"}
    for language, block in re.findall(r"```(python|console)\n(.*?)```", text, re.DOTALL):
        if language == "python":
            exec(compile(block, page, "exec"), names)
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ lineproof "):
                assert main(shlex.split(line.removeprefix("$ lineproof "))) == 0, line
    return names


@pytest.mark.filterwarnings("default")
def test_mlflow(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    names = follow("mlflow.md", server)
    shown = capsys.readouterr().out
    assert "\n1\n" in f"\n{shown}"
    assert names["run"].info.run_id in shown
    recorded = set(server.entries("default"))
    assert {"logged_model.created", "artifact.logged", "model_version.created"} <= recorded


def test_openlineage(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    follow("openlineage.md", server)
    assert "s3://lake/raw/orders" in capsys.readouterr().out
    assert server.entries("default").count("lineage.event_recorded") == 2


def test_import(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    follow("import.md", server)
    lines = [line for line in capsys.readouterr().out.splitlines() if "runs read" in line]
    assert [line.split()[0] for line in lines] == ["4", "4", "0", "7", "11"]


@pytest.mark.filterwarnings("default")
def test_follow(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    names = follow("follow.md", server)
    assert f"\n{names['last']} run.updated\n" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="INVALID_ARGUMENT"):
        names["verdict"]("no id")


def test_export(server: RunningServer) -> None:
    follow("export.md", server)
