"""The how-to pages, run as a reader would: their Python against a server, their commands too."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

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


def follow(page: str, server: RunningServer) -> None:
    """Run each block in order; a command that fails, fails the page."""
    text = (PAGES / page).read_text().replace(ADDRESS, server.url)
    names: dict[str, object] = {"__name__": "how_to"}
    for language, block in re.findall(r"```(python|console)\n(.*?)```", text, re.DOTALL):
        if language == "python":
            exec(compile(block, page, "exec"), names)
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ lineproof "):
                assert main(shlex.split(line.removeprefix("$ lineproof "))) == 0, line


def test_openlineage(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    follow("openlineage.md", server)
    assert "s3://lake/raw/orders" in capsys.readouterr().out
    assert server.entries("default").count("lineage.event_recorded") == 2


def test_import(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    follow("import.md", server)
    lines = [line for line in capsys.readouterr().out.splitlines() if "runs read" in line]
    assert [line.split()[0] for line in lines] == ["4", "4", "0", "7"]


def test_export(server: RunningServer) -> None:
    follow("export.md", server)
