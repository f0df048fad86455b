"""A real ``lineproof serve`` in a process of its own, and a client that notes what was promised."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from ledger.log import Log
from ledger.verify import verify_folder
from tests.ledger.builders import open_log

ROOT = Path(__file__).parents[2]
API = "/api/2.0/mlflow/"
POINTS = 3
"""Metrics in a batch."""


@dataclass
class Server:
    process: "subprocess.Popen[str]"
    port: int
    errors: Path

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal; the exit code once it has ended, which takes at most its 10 seconds."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(timeout=300)


@contextmanager
def serving(
    data: Path, *, module: str = "lineproof", first: tuple[str, ...] = ()
) -> Generator[Server]:
    """The server over a data folder; killed at the end when it still runs."""
    environment = {name: value for name, value in os.environ.items() if "LINEPROOF" not in name}
    errors = data.parent / f"{data.name}.stderr"
    command = [sys.executable, "-m", module, *first, "serve", "--port=0", "--data", str(data)]
    with errors.open("a") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment, "LINEPROOF_LOG_LEVEL": "warning"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        match = re.fullmatch(r"Lineproof serves http://127\.0\.0\.1:(\d+)\n", line)
        assert match, (line, errors.read_text())
        yield Server(process, int(match[1]), errors)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@dataclass
class Client:
    """Sends batches over one connection at a time; ``promised`` holds those answered with 200."""

    port: int
    name: str
    promised: list[str] = field(default_factory=list)
    sent: int = 0
    failed: int = 0
    late: int = 0
    """Promises after the first failure."""

    def create_run(self) -> str:
        status, body = self._post("runs/create", {"experiment_id": "0"})
        assert status == 200, body
        return json.loads(body)["run"]["info"]["run_id"]

    def log_batches(self, run_id: str, stop: threading.Event, limit: int = 10**9) -> None:
        """Until told to stop, or until the server is gone."""
        while not stop.is_set() and self.sent < limit and not self.failed:
            self.log_batch(run_id)

    def log_batch(self, run_id: str) -> None:
        batch = f"{self.name}-{self.sent}"
        self.sent += 1
        try:
            status, _ = self._post("runs/log-batch", batch_body(run_id, batch))
        except (OSError, HTTPException):
            self.failed += 1
            return
        if status == 200:
            self.late += bool(self.failed)
            self.promised.append(batch)
        else:
            self.failed += 1

    def _post(self, path: str, body: dict[str, object]) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", API + path, json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def batch_body(run_id: str, batch: str) -> dict[str, object]:
    """A batch of metrics that carry its name."""
    metrics = [
        {"key": f"{batch}/{part}", "value": part, "timestamp": 1, "step": 0}
        for part in range(POINTS)
    ]
    return {"run_id": run_id, "metrics": metrics, "params": [], "tags": []}


def check_ledger(data: Path, clients: list[Client]) -> int:
    """Every promise is kept once, no batch is there in part; how many batches there are."""
    log = open_log(data)
    batches = _batches(log)
    log.close()
    assert len(set(batches)) == len(batches), "a batch is recorded twice"
    for client in clients:
        missing = set(client.promised) - set(batches)
        assert not missing, f"{sorted(missing)[:5]} were promised and are gone"
    report = verify_folder(data)
    assert report.ok, report.faults
    return len(batches)


def _batches(log: Log) -> list[str]:
    """The names of the batches in the log, each after a look at all its parts."""
    names: list[str] = []
    for entry in log.read(0, log.head().size):
        keys = [str(point["key"]) for point in entry.payload.get("metrics", [])]
        if keys:
            batch = keys[0].rpartition("/")[0]
            assert keys == [f"{batch}/{part}" for part in range(POINTS)], f"half of {batch}"
            names.append(batch)
    return names
