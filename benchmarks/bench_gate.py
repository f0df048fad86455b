"""Asking a gate: a cold ``lineproof gate`` process and a warm server, beside MLflow's client.

``python -m benchmarks.bench_gate [ROUNDS]`` serves a data folder with 20 runs and a policy, and
asks for the same verdict, interleaved:

- cold: the whole process of ``lineproof gate`` against the running server
- bare: a Python process that does nothing, the floor
- mlflow: a process that asks the same server for both sides with MLflow's client and compares means
- dvc: ``dvc metrics diff`` of two commits
- warm: ``POST /gate`` on the running server; with and without a new verdict
- in process: gathering, judging and stating, without HTTP and without the ledger

Prints p50 of wall and processor time, and the memory delta (``VmHWM`` after − ``VmRSS`` before): of
a process beyond its bare interpreter, of the server in a call, of this process. Then one JSON
object. Needs the dependency group ``bench``.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

import structlog

from benchmarks.process_memory import memory_of, peak_of
from domain.canonical import JsonValue
from governance.evidence import gather_evidence
from governance.gate_request import gate_request_from_json
from governance.judged_evidence import judged_evidence
from governance.verdict_statement import verdict_statement
from lineproof import policies
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from telemetry.probe import measure
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

ROUNDS = 10
DVC = {"DVC_NO_ANALYTICS": "1"}
CANDIDATE, BASELINE = ",".join(WORSE), ",".join(GOOD)
MLFLOW = f"""
import mlflow
client = mlflow.MlflowClient()
sides = [[client.get_run(run).data.metrics["accuracy"] for run in side.split(",")]
         for side in ({CANDIDATE!r}, {BASELINE!r})]
print(sum(sides[0]) / len(sides[0]) - sum(sides[1]) / len(sides[1]))
"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    wall_ms: float
    cpu_ms: float | None
    memory_delta_bytes: int | None
    ratio: float
    """Its wall time over that of the cold gate."""


@dataclass(frozen=True)
class Server:
    """The server that is asked, and the data folder that it serves."""

    url: str
    pid: int
    data: Path


@dataclass(frozen=True)
class Sample:
    """One measurement."""

    wall: float
    cpu: float | None
    memory: int | None


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server:
        ways = _ways(server, Path(folder))
        samples: dict[str, list[Sample]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, way in ways.items():
                sample = way()
                if number:
                    samples[name].append(sample)
    _print(rounds, samples)


def _ways(server: Server, folder: Path) -> dict[str, Callable[[], Sample]]:
    cold = ["-m", "lineproof", "gate", "--policy=release", f"--candidate={CANDIDATE}"]
    ask = [*cold, f"--baseline={BASELINE}", "--url", server.url]
    dvc = str(Path(sys.executable).with_name("dvc"))
    project = _dvc_project(folder / "dvc", dvc)
    return {
        "lineproof gate, cold process": _process(ask, folder, 1),
        "python -c pass": _process(["-c", "pass"], folder, 0),
        "mlflow client, cold process": _process(
            ["-c", MLFLOW], folder, 0, MLFLOW_TRACKING_URI=server.url
        ),
        "dvc metrics diff, cold process": _process([dvc, "metrics", "diff", "HEAD~1"], project, 0),
        "POST /gate, warm, dry run": lambda: _post(server, dry=True),
        "POST /gate, warm, recorded": lambda: _post(server, dry=False),
        "in process": _in_process(server.data),
    }


def _process(argv: list[str], cwd: Path, code: int, **more: str) -> Callable[[], Sample]:
    """Python processes to their end; the memory is that of one that is not timed."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **DVC, **more}
    memory = memory_of(argv, cwd, environment)

    def run() -> Sample:
        start = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *argv],
            cwd=cwd,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != code:
            raise SystemExit(f"{argv[:4]} exited with {child.returncode}")
        return Sample(wall, usage.ru_utime + usage.ru_stime, memory)

    return run


def _post(server: Server, *, dry: bool) -> Sample:
    body = _request(dry=dry)
    if not dry:
        body["idempotencyKey"] = str(time.perf_counter_ns())
    data = json.dumps(body).encode()
    request = Request(f"{server.url}/gate", data, {"Content-Type": "application/json"})
    with peak_of(server.pid) as peak:
        start = time.perf_counter()
        with urlopen(request) as answer:
            answer.read()
        wall = time.perf_counter() - start
    return Sample(wall, None, peak.delta_bytes)


def _in_process(data: Path) -> Callable[[], Sample]:
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    size = services.catch_up()
    request = gate_request_from_json(_request(dry=True))

    def ask() -> Sample:
        cpu = time.process_time()
        with measure() as measured:
            evidence = gather_evidence(
                request,
                project="default",
                graph=services.graph,
                metrics=services.metrics,
                as_of=size,
            )
            verdict_statement(evidence, judged_evidence(evidence), b"\0" * 32)
        return Sample(measured.wall_seconds, time.process_time() - cpu, measured.memory_delta_bytes)

    return ask


def _request(*, dry: bool) -> dict[str, JsonValue]:
    return {
        "policy": "release",
        "candidate": {"runs": list(WORSE)},
        "baseline": {"runs": list(GOOD)},
        "dryRun": dry,
    }


def _dvc_project(folder: Path, dvc: str) -> Path:
    """Two commits with one metric each."""
    folder.mkdir()
    quiet = [dvc, "config", "core.check_update", "false"]
    for argv in (["git", "init", "-q"], [dvc, "init", "-q"], quiet):
        subprocess.run(argv, cwd=folder, env={**os.environ, **DVC}, check=True)
    (folder / "dvc.yaml").write_text("metrics: [metrics.json]\n")
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for accuracy in (0.95, 0.90):
        (folder / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))
        subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
        subprocess.run(["git", *who, "commit", "-qm", "run"], cwd=folder, check=True)
    return folder


@contextmanager
def _server(folder: Path) -> Generator[Server]:
    data = folder / "data"
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(services.log)
    policies.declare(services, POLICY, project="default", source="bench")
    services.close()
    argv = [sys.executable, "-m", "lineproof", "serve", "--port=0", "--data", str(data)]
    environment = {**os.environ, "LINEPROOF_LOG_LEVEL": "warning"}
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)
    if child.stdout is None:
        raise SystemExit("the server says nothing")
    try:
        yield Server(child.stdout.readline().split()[-1], child.pid, data)
    finally:
        child.terminate()
        child.stdout.close()
        child.wait(timeout=30)


def _print(rounds: int, samples: Mapping[str, list[Sample]]) -> None:
    cold = median(sample.wall for sample in samples["lineproof gate, cold process"])
    rows = [
        Row(
            name,
            median(sample.wall for sample in found) * 1000,
            _middle([sample.cpu for sample in found], 1000),
            _largest([sample.memory for sample in found]),
            median(sample.wall for sample in found) / cold,
        )
        for name, found in samples.items()
    ]
    print(f"one gate over 10 runs against 10, {rounds} interleaved rounds, p50\n")
    print(f"{'':34}{'wall ms':>10}{'cpu ms':>10}{'memory Δ':>12}{'ratio':>8}")
    for row in rows:
        cpu = "?" if row.cpu_ms is None else f"{row.cpu_ms:.1f}"
        memory = (
            "?" if row.memory_delta_bytes is None else f"{row.memory_delta_bytes / 2**20:.1f} MiB"
        )
        print(f"{row.name:34}{row.wall_ms:10.1f}{cpu:>10}{memory:>12}{row.ratio:8.2f}")
    print("\n" + json.dumps({"rounds": rounds, "rows": [asdict(row) for row in rows]}))


def _middle(values: list[float | None], factor: float) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) * factor if known else None


def _largest(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if known else None


if __name__ == "__main__":
    main()
