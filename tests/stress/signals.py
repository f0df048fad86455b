"""F15: SIGTERM, SIGSTOP and CONT, clients that go away in the middle of a batch."""

import json
import random
import signal
import socket
import threading
import time
from pathlib import Path

from tests.stress.server import API, Client, Server, batch_body, check_ledger, serving

CLIENTS = 4
VANISHING = 10


def disturb_server(folder: Path, rng: random.Random, seconds: int) -> str:
    """One server: stopped for ``seconds``, left by clients half-way, then told to end."""
    data = folder / "data"
    with serving(data) as server:
        run_id = Client(server.port, "first").create_run()
        clients = [Client(server.port, f"c{number}") for number in range(CLIENTS)]
        stop = threading.Event()
        threads = [
            threading.Thread(target=client.log_batches, args=(run_id, stop)) for client in clients
        ]
        for thread in threads:
            thread.start()
        vanished = [_vanish(server, run_id, f"gone-{n}", rng) for n in range(VANISHING)]
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        server.process.send_signal(signal.SIGCONT)
        before = [len(client.promised) for client in clients]
        while any(len(c.promised) < b + 3 for c, b in zip(clients, before, strict=True)):
            assert not any(client.failed for client in clients), "it did not go on"
            time.sleep(0.01)
        code = server.stop()
        stop.set()
        for thread in threads:
            thread.join()
    assert code == 0, server.errors.read_text()
    batches = check_ledger(data, clients)
    promised = sum(len(client.promised) for client in clients)
    assert promised <= batches <= promised + CLIENTS + sum(vanished)
    return f"stopped for {seconds} s, {promised} batches promised, {batches} recorded whole"


def _vanish(server: Server, run_id: str, name: str, rng: random.Random) -> bool:
    """Send a batch, or a part of it, and hang up; whether it was the whole."""
    body = json.dumps(batch_body(run_id, name)).encode()
    head = (
        f"POST {API}runs/log-batch HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    whole = head + body
    cut = len(whole) if rng.random() < 0.3 else rng.randrange(len(whole))
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(whole[:cut])
    return cut == len(whole)
