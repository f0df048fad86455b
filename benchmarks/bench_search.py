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
from pathlib import Path
from typing import Any, Final

import structlog

from benchmarks.bench_mlflow import Caller
from benchmarks.mlflow_peer import lineproof_server, mlflow_server
from benchmarks.search_runs import fill_ledger, fill_mlflow

RUNS = 10_000
ROUNDS = 100

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


def ask(caller: Caller, question: dict[str, Any], token: str = "") -> dict[str, Any]:
    """One page."""
    body = {"experiment_ids": ["0"], "max_results": 100, **question}
    return caller.post("runs/search", {**body, "page_token": token} if token else body)


def pages(caller: Caller) -> list[str]:
    """The run ids of ten pages."""
    found: list[str] = []
    token = ""
    for _ in range(10):
        page = ask(caller, {"order_by": ["metrics.m1 DESC"]}, token)
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
        us = Caller(servers.enter_context(lineproof_server(folder / "lineproof")))
        peer = Caller(servers.enter_context(mlflow_server(folder / "mlflow")))
        for title, question in SEARCHES.items():
            if _ids(ask(us, question)) != _ids(ask(peer, question)):
                raise SystemExit(f"{title}: the servers answer differently")
        for number in range(rounds):
            for title, question in SEARCHES.items():
                for side, caller in enumerate((us, peer)):
                    _time(taken, title, side, lambda: ask(caller, question))  # noqa: B023
            if number % 20 == 0:
                for side, caller in enumerate((us, peer)):
                    _time(taken, PAGES, side, lambda: pages(caller))  # noqa: B023
    return taken


def _time(
    taken: dict[str, tuple[list[float], list[float]]],
    title: str,
    side: int,
    call: Callable[[], object],
) -> None:
    began = time.perf_counter()
    call()
    taken.setdefault(title, ([], []))[side].append((time.perf_counter() - began) * 1000)


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
