"""Run search beside ``mlflow server`` on SQLite: selective and not, by metric, page by page.

``python -m benchmarks.bench_search [RUNS] [ROUNDS]`` (10,000 and 100 by default) fills both stores
with the same runs, checks that both servers answer alike, and asks them turn by turn over raw HTTP,
100 runs a page. The ratio is how many times faster Lineproof is. Ends with one JSON object. Needs
the dependency group ``bench``.
"""

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from benchmarks.bench_mlflow import Caller
from benchmarks.mlflow_peer import Served, lineproof_server, mlflow_server
from benchmarks.search_runs import fill_ledger, fill_mlflow

RUNS = 10_000
ROUNDS = 100
IDLE_SECONDS = 2.0

SEARCHES: Final[dict[str, dict[str, Any]]] = {
    "two conditions": {"filter": "metrics.m0 > 0.5 and params.p0 = '3'"},
    "two selective conditions": {"filter": "metrics.m0 > 0.999 and params.p0 = '3'"},
    "a rare param": {"filter": "params.rare = '7'"},
    "by metric": {"order_by": ["metrics.m1 DESC"]},
    "two conditions, by metric": {
        "filter": "metrics.m0 > 0.5 and params.p0 = '3'",
        "order_by": ["metrics.m1 DESC"],
    },
    "nothing asked": {},
}
PAGES: Final = "ten pages of all"


class Server:
    """One server, over one kept connection that is opened anew before it falls silent."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._caller = Caller(served)
        self._used = 0.0

    def ready(self) -> None:
        """Have an open connection: servers close those that were idle for some seconds."""
        if time.perf_counter() - self._used > IDLE_SECONDS:
            self._caller = Caller(self._served)
            self._caller.get("experiments/get?experiment_id=0")
            self._used = time.perf_counter()

    def search(self, question: dict[str, Any], token: str = "") -> dict[str, Any]:
        """One page."""
        body = {"experiment_ids": ["0"], "max_results": 100, **question}
        try:
            return self._caller.post(
                "runs/search", {**body, "page_token": token} if token else body
            )
        finally:
            self._used = time.perf_counter()


def pages(server: Server) -> list[str]:
    """The run ids of ten pages."""
    found: list[str] = []
    token = ""
    for _ in range(10):
        page = server.search({"order_by": ["metrics.m1 DESC"]}, token)
        found += _ids(page)
        token = page.get("next_page_token", "")
    return found


def _ids(page: dict[str, Any]) -> list[str]:
    return [run["info"]["run_id"] for run in page.get("runs", [])]


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"  # Its pollers only disturb.
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mlflow").mkdir()
        fill_mlflow(folder / "mlflow" / "mlflow.db", runs)
        fill_ledger(folder / "lineproof" / "data", runs)
        taken = measured(folder, rounds)
    report(runs, taken)


def measured(folder: Path, rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """By title, milliseconds of Lineproof and of MLflow, which answer alike."""
    taken: dict[str, tuple[list[float], list[float]]] = {}
    with ExitStack() as servers:
        served = servers.enter_context(lineproof_server(folder / "lineproof"))
        other = servers.enter_context(mlflow_server(folder / "mlflow"))
        us, peer = Server(served), Server(other)
        for title, question in SEARCHES.items():
            answers: list[list[str]] = []
            for server in (us, peer):
                server.ready()
                answers.append(_ids(server.search(question)))
            if answers[0] != answers[1]:
                raise SystemExit(f"{title}: the servers answer differently")
        calls: dict[str, Callable[[Server], object]] = {
            title: partial(Server.search, question=question) for title, question in SEARCHES.items()
        }
        for number in range(rounds):
            for title, call in (calls if number % 20 else {**calls, PAGES: pages}).items():
                for side, server in enumerate((us, peer)):
                    server.ready()
                    began = time.perf_counter()
                    call(server)
                    seconds = time.perf_counter() - began
                    taken.setdefault(title, ([], []))[side].append(seconds * 1000)
    return taken


def report(runs: int, taken: dict[str, tuple[list[float], list[float]]]) -> None:
    """The table and the JSON object."""
    print(f"{runs} runs, ms: p50 and p99{'':12} lineproof{'':12} mlflow{'':12} ratio")
    rows: dict[str, list[float]] = {}
    for title, sides in taken.items():
        ours, theirs = ([_rank(side, share) for share in (0.5, 0.99)] for side in sides)
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        rows[title] = [*ours, *theirs]
        line = "".join(f"{a:9.1f} {b:9.1f}" for a, b in (ours, theirs, ratios))
        print(f"{title:30}{line}")
    print(json.dumps(rows))


def _rank(taken: list[float], share: float) -> float:
    return sorted(taken)[int(share * (len(taken) - 1))]


if __name__ == "__main__":
    main()
