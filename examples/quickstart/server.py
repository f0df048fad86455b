"""Lineproof's side of the quickstart: a real server process and the real command line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COMMAND = [sys.executable, "-m", "lineproof"]


class Server:
    """``lineproof serve`` on one data folder."""

    def __init__(self, data: Path, graph: str) -> None:
        command = [*COMMAND, "serve", "--data", str(data), "--graph", graph, "--port", "0"]
        self._log = (data.parent / "server.log").open("ab")
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"The server did not start; see {self._log.name}")
        self.url = "http://" + line.split("http://")[1].split()[0].rstrip("/")

    def stop(self) -> None:
        """Drain and end."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=30)
        self._log.close()


@contextlib.contextmanager
def serving(data: Path, graph: str) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(data, graph)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def neo4j() -> Iterator[str]:
    """A real Neo4j for the length of a block; yields its bolt address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.neo4j_server"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield "bolt://" + process.stdout.readline().split("bolt://")[1].split()[0]
    finally:
        process.terminate()
        process.wait(timeout=60)


def lineproof(
    *arguments: str, expect: tuple[int, ...] = (0,), graph: str = "sqlite"
) -> tuple[int, str]:
    """Run the command line; its exit code and what it printed. Stops on an unexpected code."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={
            **os.environ,
            "LINEPROOF_GRAPH": graph,
            "LINEPROOF_LOG_LEVEL": "error",
            "LINEPROOF_STATE": "",  # This ledger is gone tomorrow: nobody need remember it.
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in expect:
        shown = " ".join(arguments)
        raise SystemExit(f"lineproof {shown} exited {done.returncode}\n{done.stdout}{done.stderr}")
    return done.returncode, done.stdout + (done.stderr if done.returncode else "")


def gate(url: str, candidate: str, baseline: str) -> tuple[int, dict]:
    """Ask the gate; its exit code and verdict."""
    code, printed = lineproof(
        "gate", "--url", url, "--policy", "release", "--candidate", candidate,
        "--baseline", baseline, "--experiment", "digits", "--format", "json",
        expect=(0, 1, 3),
    )  # fmt: skip
    return code, json.loads(printed)
