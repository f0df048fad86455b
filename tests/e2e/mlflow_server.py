"""A real server on a loopback port, for real clients."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from analytics.tables import MetricTables
from domain.clock import SystemClock
from domain.ids import RandomIds
from graph.port import GraphStore
from graph.sqlite.store import SqliteGraph
from ledger.log import Log
from lineproof.app import create_app
from lineproof.http.server_config import server_config
from lineproof.services import Services


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Where it listens, and what it records into."""

    url: str
    services: Services

    def entries(self, project: str) -> list[str]:
        """Types of the entries of a project, in order."""
        log = self.services.log
        return [e.type for e in log.read(0, log.head().size) if e.project == project]


@contextmanager
def running_server(folder: Path, graph: GraphStore | None = None) -> Iterator[RunningServer]:
    """Serve every door over a fresh data folder until the block ends, as ``lineproof serve`` does.

    ``graph`` is an empty store other than SQLite's; it is closed at the end.
    """
    clock = SystemClock()
    services = Services(
        log=Log.open(folder, clock=clock),
        graph=graph or SqliteGraph(folder / "graph.db"),
        metrics=MetricTables.open(folder, clock=clock),
        clock=clock,
        ids=RandomIds(),
        ledger_files=folder / "ledger" / "static",
    )
    server = uvicorn.Server(server_config(create_app(services)))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield RunningServer(f"http://127.0.0.1:{port}", services)
        finally:
            server.should_exit = True
            thread.join()
            services.close()
