"""One run against 50, with causes, beside the MLflow client asking a real server for the same.

``python -m benchmarks.bench_compare [ROUNDS]`` records the same 51 runs twice: in a Lineproof data
folder, and through MLflow's client in an ``mlflow server`` on SQLite. Then, interleaved:

- Lineproof in process: facts from the graph and the metric tables, comparability, deltas, causes
- Lineproof over GraphQL: the worked example ``Compare`` of GraphiQL, whole, asked of a real server
- MLflow: 51 get-run calls, and one search into a DataFrame; neither finds causes

Prints p50 and p99 of the wall time, the largest memory delta of a call, and the ratio of each p50
to Lineproof's; then one JSON object. Needs the dependency group ``bench``.
"""

import http.client
import json
import logging
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from analytics.comparison import Comparison, compare
from analytics.facts import gather_facts
from analytics.tables import MetricTables
from benchmarks.compare_runs import METRICS, RunSpec, drafts, log_through_mlflow, specs
from benchmarks.mlflow_peer import Served, lineproof_server
from domain.clock import SystemClock
from domain.metric import Direction, MetricDefinition
from graph.sqlite.store import SqliteGraph
from ledger.log import Log
from ledger.projection import catch_up
from lineproof.explorer.pages import EXAMPLES
from telemetry.probe import measure

ROUNDS = 100
OURS = "lineproof: comparison with causes"
SERVER_STARTS_WITHIN = 120.0


@dataclass(frozen=True)
class Row:
    """One line of the table; milliseconds."""

    name: str
    first: float
    p50: float
    p99: float
    memory_delta_bytes: int | None
    method: str
    ratio: float
    """Its p50 over Lineproof's."""


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    runs = specs()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with (
            _mlflow(data / "mlflow", runs) as theirs,
            _lineproof(data / "data", runs) as ours,
            lineproof_server(data) as served,
        ):
            works = {OURS: ours, "lineproof: the same over GraphQL": _over_graphql(served, runs)}
            rows = _measured({**works, **theirs}, rounds)
    _print(rounds, rows)


def _over_graphql(served: Served, runs: list[RunSpec]) -> Callable[[], object]:
    """Asks the example's question on one kept connection; the planted causes must be named."""
    text = EXAMPLES.read_text(encoding="utf-8")
    query = text[text.index("query Compare") :].partition("\n# ----")[0]
    ids = [spec.run_id for spec in runs]
    variables = {"b": {"runs": ids[:-1]}, "c": {"runs": ids[-1:]}}
    body = json.dumps({"query": query, "variables": variables})
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc)

    def asked() -> object:
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())

    answer = json.dumps(asked(), ensure_ascii=False)
    if '"errors"' in answer or "digits-train v2" not in answer:
        raise SystemExit(f"the comparison was not answered: {answer[:500]}")
    return asked


@contextmanager
def _lineproof(data: Path, runs: list[RunSpec]) -> Generator[Callable[[], object]]:
    clock = SystemClock()
    log = Log.open(data, clock=clock)
    graph, tables = SqliteGraph(data / "graph.db"), MetricTables.open(data, clock=clock)
    for spec in runs:
        log.append(drafts(spec))
    for projection in (graph, tables):
        catch_up(log, projection)
    ids = [spec.run_id for spec in runs]
    definitions = {name: MetricDefinition(name, Direction.HIGHER) for name in METRICS}

    def compared() -> Comparison:
        as_of = log.head().size
        facts = gather_facts(graph, tables, ids, as_of=as_of)
        return compare(
            facts[:-1], facts[-1:], definitions=definitions, criteria={}, graph=graph, as_of=as_of
        )

    labels = [cause.label for cause in compared().causes]
    if labels != ["param alpha 0.0001 → 0.01", "training data digits-train v2"]:
        raise SystemExit(f"the planted causes were not found: {labels}")
    try:
        yield compared
    finally:
        tables.close()
        graph.close()
        log.close()


@contextmanager
def _mlflow(data: Path, runs: list[RunSpec]) -> Generator[dict[str, Callable[[], object]]]:
    data.mkdir()
    port = _free_port()
    os.environ.update(
        MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true"
    )
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{data / 'mlflow.db'}"]
    command += ["--artifacts-destination", str(data / "artifacts")]
    with (data / "server.log").open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    try:
        uri = f"http://127.0.0.1:{port}"
        _wait_for(f"{uri}/health", server)
        yield log_through_mlflow(uri, runs)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SERVER_STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("mlflow server did not start")


def _measured(works: dict[str, Callable[[], object]], rounds: int) -> list[Row]:
    """Each in turn, ``rounds`` times."""
    taken: dict[str, list[tuple[float, int | None, str]]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            with measure() as m:
                work()
            taken[name].append((m.wall_seconds * 1000, m.memory_delta_bytes, m.method))
    ours = _quantile([wall for wall, _, _ in next(iter(taken.values()))], 0.5)
    rows: list[Row] = []
    for name, calls in taken.items():
        walls = [wall for wall, _, _ in calls]
        memory = [delta for _, delta, _ in calls if delta is not None]
        p50 = _quantile(walls, 0.5)
        rows.append(
            Row(
                name=name,
                first=walls[0],
                p50=p50,
                p99=_quantile(walls, 0.99),
                memory_delta_bytes=max(memory) if memory else None,
                method=calls[0][2],
                ratio=p50 / ours,
            )
        )
    return rows


def _quantile(values: list[float], level: float) -> float:
    """The smallest value that at least ``level`` of them do not exceed."""
    return sorted(values)[math.ceil(level * len(values)) - 1]


def _print(rounds: int, rows: list[Row]) -> None:
    print(f"1 run against 50, {rounds} interleaved rounds, milliseconds\n")
    print(f"{'':42}{'first':>9}{'p50':>9}{'p99':>9}{'memory delta':>14}{'ratio':>8}")
    for row in rows:
        delta = row.memory_delta_bytes
        memory = "?" if delta is None else f"{delta / 2**20:.1f} MiB"
        print(
            f"{row.name:42}{row.first:9.1f}{row.p50:9.1f}{row.p99:9.1f}{memory:>14}{row.ratio:8.1f}"
        )
    print("\n" + json.dumps({"rounds": rounds, "rows": [asdict(row) for row in rows]}))


if __name__ == "__main__":
    main()
