"""``docs/how-to/mlflow.md`` does what it says: its Python is run from top to bottom."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.mlflow_server import running_server

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "mlflow.md"
ADDRESS = "http://127.0.0.1:8420"

pytestmark = pytest.mark.filterwarnings("default")


def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    with running_server(tmp_path / "data") as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
        known: dict[str, Any] = {}
        for block in blocks:
            assert len(block.splitlines()) > 1
            exec(block.replace(ADDRESS, server.url), known)
        types = server.entries("default")
        known["mlflow"].set_tracking_uri("")
    shown = capsys.readouterr().out
    assert "\n1\n" in f"\n{shown}"
    assert known["run"].info.run_id in shown
    assert {"logged_model.created", "artifact.logged", "model_version.created"} <= set(types)
