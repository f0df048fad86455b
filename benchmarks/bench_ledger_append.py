"""How fast a ledger acknowledges, beside plain SQLite commits in the same run.

``python -m benchmarks.bench_ledger_append [ENTRIES]`` (default 50,000), in a temporary folder:

- batches: one caller, 500 entries an append, while the publisher runs; floor: SQLite, 500 rows a
  commit (WAL, FULL), nothing hashed, signed or looked up
- singles: one entry an append; floor: SQLite, one row a commit
- steady load: 200 appends a second from 8 threads; seconds until the acknowledgement, and from
  there until a checkpoint covers the entry
- restart: opening a ledger that died with 100,000 entries acknowledged and not yet published
- HTTP: a real ``lineproof serve`` and four clients that send OpenLineage events, 250 a batch
"""

import json
import math
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from benchmarks.ledger_table import Row, compare, entry_draft, once, print_rows, quiet
from domain.clock import SystemClock
from ledger.log import Log
from tests.stress.server import serving

BATCH = 500
SINGLES = 1_000
RATE, SECONDS, THREADS = 200, 10, 8
UNPUBLISHED = 100_000
HTTP_CLIENTS, HTTP_BATCHES, HTTP_BATCH = 4, 10, 250


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        rows = _throughput(data, entries)
        waits = _steady_load(data / "steady")
        rows.append(_restart(data))
        rows.append(_http(data / "http"))
    print_rows(f"{entries:,} entries", rows, entries=entries, **waits)


def _throughput(data: Path, entries: int) -> list[Row]:
    numbers = iter(range(10**9))

    def appends(count: int, batch: int) -> Callable[[], None]:
        def run() -> None:
            log = Log.open(data / "log", clock=SystemClock())
            for _ in range(count // batch):
                log.append([entry_draft(f"e{next(numbers)}") for _ in range(batch)])
            log.close()

        return run

    def commits(count: int, batch: int) -> Callable[[], None]:
        return lambda: _plain_commits(data / "plain.db", count, batch)

    return [
        *compare(
            entries,
            {
                f"floor: plain SQLite, {BATCH} rows a commit": commits(entries, BATCH),
                f"appends of {BATCH}, published too": appends(entries, BATCH),
            },
        ),
        *compare(
            SINGLES,
            {
                "floor: plain SQLite, one row a commit": commits(SINGLES, 1),
                "appends of one": appends(SINGLES, 1),
            },
        ),
    ]


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


def _http(data: Path) -> Row:
    with serving(data) as server:
        _send(server.port, [[_event("warm up", 0)]])
        before = _published_size(server.port)
        batches = [
            [
                [_event(f"{client}-{batch}", number) for number in range(HTTP_BATCH)]
                for batch in range(HTTP_BATCHES)
            ]
            for client in range(HTTP_CLIENTS)
        ]
        threads = [threading.Thread(target=_send, args=(server.port, one)) for one in batches]

        def run() -> None:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        row = once("", 1, run)
        time.sleep(1)
        count = _published_size(server.port) - before
    name = f"HTTP: OpenLineage, {HTTP_BATCH} events a request"
    return Row(name, count / row.seconds, row.seconds, None, row.method, None)


def _event(name: str, number: int) -> dict[str, object]:
    """A run that has begun; nothing else, so that it is one entry."""
    return {
        "eventType": "START",
        "eventTime": "2026-01-01T00:00:00Z",
        "run": {"runId": str(uuid5(NAMESPACE_URL, f"{name}/{number}"))},
        "job": {"namespace": "bench", "name": name},
        "producer": "https://example.com/bench",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }


def _send(port: int, batches: list[list[dict[str, object]]]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for batch in batches:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v1/lineage/batch", json.dumps(batch), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        if answer.get("status") != "success":
            raise SystemExit(f"a batch was refused: {answer}")
    connection.close()


def _published_size(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/ledger/checkpoint")
    size = int(connection.getresponse().read().split(b"\n")[1])
    connection.close()
    return size


if __name__ == "__main__":
    main()
