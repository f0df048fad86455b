"""How fast a ledger acknowledges, beside plain SQLite commits in the same run.

``python -m benchmarks.bench_ledger_append [ENTRIES]`` (default 50,000), in a temporary folder:

- batches: one caller, 500 entries an append, while the publisher runs: until the last one is
  acknowledged, and until all of them are published too (with the start and the end of the ledger);
  floor: SQLite, 500 rows a commit (WAL, FULL), nothing hashed, signed or looked up
- singles: the same with one entry an append; floor: SQLite, one row a commit
- steady load: 200 appends a second from 8 threads; seconds until the acknowledgement, and from
  there until a checkpoint covers the entry
- restart: opening a ledger that died with 100,000 entries acknowledged and not yet published
- HTTP: a real ``lineproof serve``; 16 clients that send MLflow's log-batch (an entry each), then 4
  that send OpenLineage events (a run that begins: two entries), 50 a request, then 16 that send one
  event a request; beside each figure the processor time that the server takes for an entry
"""

import json
import math
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from benchmarks.ledger_table import Row, compare, entry_draft, once, print_rows, quiet
from domain.clock import SystemClock
from ledger.log import Log
from tests.stress.server import Client, Server, batch_body, serving

BATCH = 500
SINGLES = 5_000
RATE, SECONDS, THREADS = 200, 10, 8
UNPUBLISHED = 100_000
MLFLOW_CLIENTS, MLFLOW_REQUESTS = 16, 50
LINEAGE_CLIENTS, LINEAGE_REQUESTS, LINEAGE_EVENTS = 4, 25, 50
SINGLE_CLIENTS, SINGLE_REQUESTS = 16, 50

Requests = list[object]
"""Bodies that one client sends, one after the other."""


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        rows = _throughput(data, entries)
        waits = _steady_load(data / "steady")
        rows.append(_restart(data))
        rows += _http(data / "http")
    print_rows(f"{entries:,} entries", rows, entries=entries, **waits)


def _throughput(data: Path, entries: int) -> list[Row]:
    numbers = iter(range(10**9))
    return [
        row
        for count, batch in ((entries, BATCH), (SINGLES, 1))
        for row in _beside_plain(data, numbers, count, batch)
    ]


def _beside_plain(
    data: Path, numbers: Iterator[int], count: int, batch: int
) -> tuple[Row, Row, Row]:
    """The floor; appends until the last acknowledgement; until all are published and let go."""
    acknowledged: list[float] = []

    def append() -> None:
        log = Log.open(data / "log", clock=SystemClock())
        waited = 0.0
        for _ in range(count // batch):
            # As its peer, which is handed its rows: what the entries say is made before.
            drafts = [entry_draft(f"e{next(numbers)}") for _ in range(batch)]
            began = time.perf_counter()
            log.append(drafts)
            waited += time.perf_counter() - began
        acknowledged.append(waited)
        log.close()

    floor, published = compare(
        count,
        {
            f"floor: plain SQLite, commits of {batch}": lambda: _plain_commits(
                data / "plain.db", count, batch
            ),
            f"appends of {batch}, published too": append,
        },
    )
    seconds = statistics.median(acknowledged)
    return (
        floor,
        replace(
            published,
            name=f"appends of {batch}, acknowledged",
            per_second=count / seconds,
            seconds=seconds,
            ratio=floor.seconds / seconds,
        ),
        published,
    )


def _plain_commits(path: Path, count: int, batch: int) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, data BLOB)")
    rows = [(b"x" * 400,)] * batch
    for _ in range(count // batch):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO entry (data) VALUES (?)", rows)
        database.execute("COMMIT")
    database.close()


def _steady_load(data: Path) -> dict[str, str]:
    """Requests at fixed times, whether the last one is answered or not."""
    log = Log.open(data, clock=SystemClock())
    acknowledged: list[tuple[int, float]] = []
    waits: list[float] = []
    covered: list[tuple[int, float]] = []
    start, stop = time.perf_counter() + 0.2, threading.Event()

    def work(number: int) -> None:
        for turn in range(number, RATE * SECONDS, THREADS):
            due = start + turn / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            receipt = log.append([entry_draft(f"s{turn}")])[0]
            now = time.perf_counter()
            waits.append(now - due)
            acknowledged.append((receipt.seq, now))

    def watch() -> None:
        while not stop.wait(0.005):
            size = log.checkpoint().size
            if not covered or covered[-1][0] < size:
                covered.append((size, time.perf_counter()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    watcher = threading.Thread(target=watch)
    for thread in (*threads, watcher):
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(1)
    stop.set()
    watcher.join()
    log.close()
    published = [
        next(when for size, when in covered if size > seq) - at for seq, at in acknowledged
    ]
    return {
        f"acknowledged_at_{RATE}_a_second": _quantiles(waits),
        "published_after_the_acknowledgement": _quantiles(published),
    }


def _quantiles(values: list[float]) -> str:
    ordered = sorted(values)
    picked = {level: ordered[math.ceil(level * len(ordered)) - 1] for level in (0.5, 0.99)}
    return ", ".join(f"p{level * 100:.0f} {value * 1000:.1f} ms" for level, value in picked.items())


def _restart(data: Path) -> Row:
    """The folder is copied while it is open: nothing of what is pending was published."""
    log = Log.open(data / "dying", clock=SystemClock(), background=False)
    for start in range(0, UNPUBLISHED, BATCH):
        log.append([entry_draft(f"e{n}") for n in range(start, start + BATCH)])
    shutil.copytree(data / "dying", data / "dead", ignore=shutil.ignore_patterns("*-shm"))
    log.close()
    opened: list[Log] = []

    def restart() -> None:
        opened.append(Log.open(data / "dead", clock=SystemClock()))

    row = once(f"restart with {UNPUBLISHED:,} unpublished", UNPUBLISHED, restart)
    if opened[0].checkpoint().size != UNPUBLISHED:
        raise SystemExit("not everything was published")
    opened[0].close()
    return row


def _http(data: Path) -> list[Row]:
    mlflow = f"HTTP: MLflow log-batch, {MLFLOW_CLIENTS} clients"
    lineage = f"HTTP: OpenLineage, {LINEAGE_EVENTS} events a request"
    single = f"HTTP: OpenLineage, one event, {SINGLE_CLIENTS} clients"
    with serving(data) as server:
        run_ids = [Client(server.port, "bench").create_run() for _ in range(MLFLOW_CLIENTS)]
        batches: list[Requests] = [
            [batch_body(run_id, f"{run_id}-{n}") for n in range(MLFLOW_REQUESTS)]
            for run_id in run_ids
        ]
        events: list[Requests] = [
            [
                [_event(f"{client}-{request}", n) for n in range(LINEAGE_EVENTS)]
                for request in range(LINEAGE_REQUESTS)
            ]
            for client in range(LINEAGE_CLIENTS)
        ]
        singles: list[Requests] = [
            [_event(f"single-{client}", n) for n in range(SINGLE_REQUESTS)]
            for client in range(SINGLE_CLIENTS)
        ]
        time.sleep(5)  # What the server imports late is not measured.
        return [
            _entries_per_second(mlflow, server, "/api/2.0/mlflow/runs/log-batch", batches),
            _entries_per_second(lineage, server, "/api/v1/lineage/batch", events),
            _entries_per_second(single, server, "/api/v1/lineage", singles),
        ]


def _entries_per_second(name: str, server: Server, path: str, clients: list[Requests]) -> Row:
    """What all clients together add to the ledger, each over one connection."""
    port = server.port
    before, used = _published_size(port), _processor_seconds(server)
    threads = [threading.Thread(target=_send, args=(port, path, bodies)) for bodies in clients]

    def run() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    row = once(name, 1, run)
    used = _processor_seconds(server) - used
    time.sleep(1)
    count = _published_size(port) - before
    name = f"{name}, {1000 * used / count:.2f} ms"
    return Row(name, count / row.seconds, row.seconds, None, row.method, None)


def _processor_seconds(server: Server) -> float:
    """What the server has taken so far, in user and kernel mode: proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _event(name: str, number: int) -> dict[str, object]:
    """A run that has begun: two entries, the event and its run."""
    return {
        "eventType": "START",
        "eventTime": "2026-01-01T00:00:00Z",
        "run": {"runId": str(uuid5(NAMESPACE_URL, f"{name}/{number}"))},
        "job": {"namespace": "bench", "name": name},
        "producer": "https://example.com/bench",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }


def _send(port: int, path: str, bodies: Requests) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for body in bodies:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200 or b'failed_events":[{' in answer:
            raise SystemExit(f"it was refused: {answer!r}")
    connection.close()


def _published_size(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/ledger/checkpoint")
    size = int(connection.getresponse().read().split(b"\n")[1])
    connection.close()
    return size


if __name__ == "__main__":
    main()
