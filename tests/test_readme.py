"""What the README says is what happens: its commands are run, its policy is applied."""

import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DEFAULT_PORT = "8420"
TRAIN = """
import mlflow, mlflow.data, numpy
experiment = mlflow.set_experiment("readme").experiment_id
rows = mlflow.data.from_numpy(numpy.arange(8.0), name="test-set")
for variant in ("old", "new"):
    for seed in range(3):
        tags = {"variant": variant, "lineproof.facet.eval_code": "sha256:" + "a" * 64}
        with mlflow.start_run(experiment_id=experiment, tags=tags):
            mlflow.log_input(rows, context="evaluation")
            mlflow.log_params({"seed": seed})
            mlflow.log_metric("accuracy", 0.95 + seed / 1000)
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command line of the README, in order."""
    lines = [line for block in blocks("console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Shell:
    """A folder as a reader has it, with the environment that the commands build up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        python = Path(sys.executable).parent
        self.environment = {
            "PATH": f"{python}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LINEPROOF_PORT": self.port,
        }
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / "lineproof.yaml").write_text(blocks("yaml")[0])
        (folder / "train.py").write_text(TRAIN)

    def words(self, command: str) -> list[str]:
        return shlex.split(command.replace(DEFAULT_PORT, self.port))

    def export(self, command: str) -> None:
        name, _, value = self.words(command)[1].partition("=")
        self.environment[name] = value

    def run(self, command: str) -> str:
        done = subprocess.run(
            self.words(command),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in which the README's ``serve`` command is running."""
    reader = Shell(tmp_path)
    (serve,) = [command for command in commands() if " serve " in command]
    process = subprocess.Popen(
        reader.words(serve),
        cwd=tmp_path,
        env=reader.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{reader.port}/healthz")
        yield reader
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def test_the_commands_run_as_they_are_written(shell: Shell) -> None:
    said = {}
    for command in commands():
        if command.startswith("export "):
            shell.export(command)
        elif not command.startswith("make ") and " serve " not in command:
            said[command] = shell.run(command)
    assert any("PASS" in text for command, text in said.items() if " gate " in command)
    assert any("Verified" in text for command, text in said.items() if " verify " in command)


def test_the_two_make_commands_are_the_first_ones_and_exist() -> None:
    assert commands()[:2] == ["make quickstart", "make test"]
    for command in commands()[:2]:
        subprocess.run([*command.split(), "-n"], cwd=ROOT, check=True, capture_output=True)


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150
