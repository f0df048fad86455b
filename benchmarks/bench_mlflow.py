"""MLflow's tracking API beside ``mlflow server`` on SQLite: writes, history, start, memory.

``python -m benchmarks.bench_mlflow`` sends the same requests to both servers, turn by turn, over
raw HTTP and through MLflow's client. The ratio is how many times better Lineproof is. What the
client costs by itself is told by a server that does nothing. Search is ``bench_search``'s. Ends
with one JSON object. Needs the dependency group ``bench``.
"""

import http.client
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.mlflow_peer import Served, lineproof_server, mlflow_server, null_server

POINTS = 1_000
BATCHES = 12
HISTORY = 100_000
ROUNDS = 3
"""The best of them counts: other work on the machine only ever takes away."""

API = "/api/2.0/mlflow/"
CLIENT = "whole runs, client, runs/s"


class Caller:
    """One kept connection to one server."""

    def __init__(self, served: Served) -> None:
        parts = urlsplit(served.url)
        self._connection = http.client.HTTPConnection(parts.netloc)

    def post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        return self._call("POST", path, json.dumps(body))

    def get(self, path: str) -> dict[str, object]:
        return self._call("GET", path, None)

    def start_run(self, number: int) -> str:
        body = {"experiment_id": "0", "start_time": number, "run_name": f"run {number}"}
        answer: dict[str, dict[str, dict[str, str]]] = self.post("runs/create", body)  # type: ignore[assignment]
        return answer["run"]["info"]["run_id"]

    def _call(self, method: str, path: str, body: str | None) -> dict[str, object]:
        headers = {"Content-Type": "application/json"} if body else {}
        self._connection.request(method, API + path, body, headers)
        response = self._connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status} {data[:300]!r}")
        return json.loads(data)


def points(first: int, count: int) -> list[dict[str, object]]:
    return [
        {"key": "loss", "value": 1.0 / (first + i + 1), "timestamp": 1_700_000_000_000, "step": i}
        for i in range(first, first + count)
    ]


def batches(served: Served, threads: int) -> float:
    """Points per second of log-batch with 1,000 points a call."""

    def work(number: int) -> None:
        caller = Caller(served)
        run_id = caller.start_run(number)
        for index in range(BATCHES):
            body = {"run_id": run_id, "metrics": points(index * POINTS, POINTS)}
            caller.post("runs/log-batch", body)

    return threads * BATCHES * POINTS / _seconds(work, threads)


def whole_run(caller: Caller, number: int) -> None:
    run_id = caller.start_run(number)
    caller.post(
        "runs/log-batch",
        {
            "run_id": run_id,
            "params": [{"key": f"p{i}", "value": str((number * 7 + i) % 10)} for i in range(10)],
            "metrics": [
                {"key": f"m{i}", "value": (number * 37 % 101) / 101, "timestamp": 1, "step": 0}
                for i in range(5)
            ],
        },
    )
    caller.post("runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": number + 1})


def raw_runs(served: Served, threads: int) -> float:
    """Runs per second: create, 10 params, 5 metrics, finish."""
    count = 40 if threads > 1 else 60

    def work(number: int) -> None:
        caller = Caller(served)
        for index in range(count):
            whole_run(caller, number * count + index)

    return threads * count / _seconds(work, threads)


def client_runs(served: Served, _threads: int) -> float:
    """The same through MLflow's client, in one thread."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(served.url)
    began = time.perf_counter()
    for number in range(40):
        run_id = client.create_run("0", start_time=number).info.run_id
        client.log_batch(
            run_id,
            metrics=[Metric(f"m{i}", 0.5, 1, 0) for i in range(5)],
            params=[Param(f"p{i}", str(i)) for i in range(10)],
        )
        client.set_terminated(run_id)
    return 40 / (time.perf_counter() - began)


def history(caller: Caller) -> float:
    """Seconds to read the history of one series."""
    run_id = caller.start_run(1)
    for first in range(0, HISTORY, POINTS):
        caller.post("runs/log-batch", {"run_id": run_id, "metrics": points(first, POINTS)})
    began = time.perf_counter()
    path = f"metrics/get-history?run_id={run_id}&metric_key=loss&max_results=25000"
    read, token = 0, ""
    while True:
        page = caller.get(path + (f"&page_token={token}" if token else ""))
        read += len(page.get("metrics", ()))  # type: ignore[arg-type]
        token = str(page.get("next_page_token", ""))
        if not token:
            break
    if read != HISTORY:
        raise SystemExit(f"{read} points of {HISTORY} came back")
    return time.perf_counter() - began


def _seconds(work: Callable[[int], None], threads: int) -> float:
    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began


def main() -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    rows: dict[str, tuple[float, float, float]] = {}

    def rate(name: str, measure: Callable[[Served, int], float], threads: int) -> None:
        """Turn by turn."""
        ours = theirs = 0.0
        for _ in range(ROUNDS):
            theirs = max(theirs, measure(peer, threads))
            ours = max(ours, measure(us, threads))
        show(name, ours, theirs, ours / theirs)

    def show(name: str, ours: float, theirs: float, ratio: float) -> None:
        rows[name] = (ours, theirs, ratio)
        print(f"{name:45} {ours:12.1f} {theirs:12.1f} {ratio:8.1f} x", flush=True)

    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        peer = servers.enter_context(mlflow_server(Path(folder) / "mlflow"))
        us = servers.enter_context(lineproof_server(Path(folder) / "lineproof"))
        print(f"{'':45} {'lineproof':>12} {'mlflow':>12} {'ratio':>10}")
        show(
            "start, s", us.start_seconds, peer.start_seconds, peer.start_seconds / us.start_seconds
        )
        megabytes = us.idle_bytes / 1e6, peer.idle_bytes / 1e6
        show("idle memory, MB", *megabytes, megabytes[1] / megabytes[0])
        rate("log-batch, 1 thread, points/s", batches, 1)
        rate("log-batch, 4 threads, points/s", batches, 4)
        rate("whole runs, raw, 1 thread, runs/s", raw_runs, 1)
        rate("whole runs, raw, 4 threads, runs/s", raw_runs, 4)
        rate(CLIENT, client_runs, 1)
        seconds = [history(Caller(served)) for served in (us, peer)]
        show("history of 100,000 points, s", *seconds, seconds[1] / seconds[0])
        nothing = servers.enter_context(null_server(Path(folder) / "null"))
        floor = max(client_runs(nothing, 1) for _ in range(ROUNDS))
        peer_rate = rows[CLIENT][1]
        show("whole runs, client, server that does nothing", floor, peer_rate, floor / peer_rate)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
