"""F11: ten times as many requests as can be answered."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.stress.server import API, Client, batch_body, check_ledger, serving

CONNECTIONS = 640
"""Each sends its next request at once: far more than one server answers."""
RUNS = 32
"""Writes about one run wait for each other."""
WHOLE = 60
"""Seconds of the whole row, which alone judges how long what was accepted took."""
ALLOWED_GROWTH = 300 * 2**20


@dataclass
class Seen:
    """What the clients got."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    promised: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """Seconds until each promise."""
    without_retry_after: int = 0
    dropped: int = 0


def overload_server(folder: Path, rng: random.Random, seconds: int) -> str:
    """Hammer a server; what is refused says when to come back, what is promised is kept."""
    data = folder / "data"
    seen = Seen()
    with serving(data) as server:
        runs = [Client(server.port, "first").create_run() for _ in range(RUNS)]
        before = _resident(server.process.pid)
        asyncio.run(_hammer(server.port, runs, seconds, seen))
        peak = _resident(server.process.pid, "VmHWM")
        assert server.stop() == 0, server.errors.read_text()
    client = Client(0, "all", promised=seen.promised)
    check_ledger(data, [client])
    assert seen.statuses[503], "it was never overloaded"
    assert set(seen.statuses) <= {200, 503}, seen.statuses
    assert not seen.without_retry_after
    assert peak - before < ALLOWED_GROWTH, f"{(peak - before) >> 20} MiB more"
    waits = sorted(seen.waits)
    p99 = waits[len(waits) * 99 // 100]
    assert seconds < WHOLE or p99 < 1, f"p99 of what was accepted: {p99:.3f} s"
    return (
        f"{seen.statuses[200]} accepted ({len(waits) / seconds:.0f}/s), p50 "
        f"{waits[len(waits) // 2]:.3f} s, p99 {p99:.3f} s, "
        f"{seen.statuses[503]} refused, {seen.dropped} connections dropped, "
        f"{(peak - before) >> 20} MiB more"
    )


def _resident(pid: int, name: str = "VmRSS") -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


async def _hammer(port: int, runs: list[str], seconds: int, seen: Seen) -> None:
    end = time.monotonic() + seconds
    await asyncio.gather(*(_client(port, runs[n % RUNS], n, end, seen) for n in range(CONNECTIONS)))


async def _client(port: int, run_id: str, number: int, end: float, seen: Seen) -> None:
    sent = 0
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            seen.dropped += 1
            await asyncio.sleep(0.1)
            continue
        try:
            while time.monotonic() < end:
                batch = f"{number}-{sent}"
                sent += 1
                await _send(reader, writer, port, run_id, batch, seen)
        except (OSError, asyncio.IncompleteReadError):
            seen.dropped += 1
        finally:
            writer.close()


async def _send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    port: int,
    run_id: str,
    batch: str,
    seen: Seen,
) -> None:
    body = json.dumps(batch_body(run_id, batch)).encode()
    head = (
        f"POST {API}runs/log-batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    start = time.monotonic()
    writer.write(head.encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(
        int(line.split(":")[1])
        for line in answer.split("\r\n")
        if line.startswith("content-length")
    )
    await reader.readexactly(length)
    status = int(answer.split(" ")[1])
    seen.statuses[status] += 1
    if status == 200:
        seen.promised.append(batch)
        seen.waits.append(time.monotonic() - start)
    elif "\r\nretry-after: " not in answer:
        seen.without_retry_after += 1
