"""The servers of the MLflow benchmarks, each in a folder of its own: ``mlflow server`` on SQLite,
which is the peer, Lineproof, and one that does nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN = 300.0
IDLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it is, how long it took to answer ``/health``, and its processes'
    memory."""

    url: str
    start_seconds: float
    idle_bytes: int
    """Resident memory of the server and its children when it has done nothing for some seconds."""


@contextmanager
def mlflow_server(folder: Path) -> Generator[Served]:
    """Serve with one worker, as MLflow's own benchmarks do, until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with _served(command, f"http://127.0.0.1:{port}", "/health", folder) as served:
        yield served


@contextmanager
def lineproof_server(folder: Path) -> Generator[Served]:
    """Serve a fresh data folder until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "lineproof", "serve", "--port", str(port)]
    command += ["--data", str(folder / "data")]
    os.environ["LINEPROOF_LOG_LEVEL"] = "warning"
    late = ("/readyz", "/")
    with _served(command, f"http://127.0.0.1:{port}", "/health", folder, late) as served:
        yield served


@contextmanager
def null_server(folder: Path) -> Generator[Served]:
    """Serve ``benchmarks.null_mlflow`` until the block ends."""
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.null_mlflow", str(port)]
    with _served(command, f"http://127.0.0.1:{port}", "/health", folder) as served:
        yield served


@contextmanager
def _served(
    command: list[str], url: str, probe: str, folder: Path, late: Sequence[str] = ()
) -> Generator[Served]:
    """``late`` are paths that the server may load more for when they are first asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with (folder / "server.log").open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait_for(url + probe, server, folder)
        seconds = time.perf_counter() - began
        for path in late:
            _wait_for(url + path, server, folder)
        time.sleep(IDLE_SECONDS)
        yield Served(url, seconds, _resident(server.pid))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _wait_for(address: str, server: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((folder / "server.log").read_text(errors="replace")) from None
            time.sleep(0.02)


def _resident(leader: int) -> int:
    """Resident bytes of the session that ``leader`` leads; shared pages are counted once (PSS)."""
    total = 0
    for folder in sorted(Path("/proc").glob("[0-9]*")):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                for line in (folder / "smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            continue  # It ended while we looked.
    return total


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
