"""The wheel alone, in a clean environment, is the whole application."""

import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars
import pytest

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).parent / "uv"


def run(*command: object, cwd: Path) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(UV, "build", "--quiet", "--wheel", "--out-dir", out, cwd=ROOT)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` folder of an environment that holds the wheel and its locked dependencies."""
    folder = tmp_path_factory.mktemp("clean")
    locked = folder / "requirements.txt"
    run(
        UV, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "-o", locked, cwd=ROOT
    )
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / "env", cwd=folder)
    python = folder / "env" / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--python", python, "-r", locked, wheel, cwd=folder)
    return python.parent


@pytest.fixture
def served(installed: Path, tmp_path: Path) -> Iterator[str]:
    command = [installed / "lineproof", "serve", "--data", tmp_path / "data", "--port", "0"]
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://" in line, line
            yield "http://" + line.split("http://")[1].split()[0].rstrip("/")
        finally:
            process.terminate()


def test_it_carries_what_is_not_python(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "schema/schema.graphql" in names
    assert any(name.startswith("lineproof/explorer/static/") for name in names)
    assert not any(name.startswith(("tests/", "examples/", "benchmarks/")) for name in names)


def test_its_command_line_answers(installed: Path, tmp_path: Path) -> None:
    assert "gate" in run(installed / "lineproof", "--help", cwd=tmp_path)


def test_it_stores_and_gives_back_metrics_with_what_it_depends_on(
    installed: Path, tmp_path: Path
) -> None:
    """The development environment holds more libraries than a user's."""
    (tmp_path / "trials.csv").write_text("run,step,loss\na,1,0.5\na,2,0.25\nb,1,0.75\n")
    command = installed / "lineproof"
    data = ["--data", tmp_path / "data"]
    columns = ["--map", "run=run", "--map", "step=step"]
    run(command, "import", "metrics", tmp_path / "trials.csv", *columns, *data, cwd=tmp_path)
    run(command, "export", "parquet", "--to", tmp_path / "points.parquet", *data, cwd=tmp_path)
    assert polars.read_parquet(tmp_path / "points.parquet").height == 3
    run(command, "ledger", "verify", tmp_path / "data", cwd=tmp_path)


def test_it_serves_graphql(served: str) -> None:
    request = urllib.request.Request(
        f"{served}/graphql",
        data=json.dumps({"query": "{ __typename }"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer) == {"data": {"__typename": "Query"}}
