"""The only file that names adapters: which store, which clock, which ids."""

from typing import TYPE_CHECKING

from domain.clock import SystemClock
from domain.errors import LineproofError
from domain.ids import RandomIds
from graph.port import GraphStore
from graph.sqlite.store import SqliteGraph
from ledger.log import Log
from lineproof.late import late
from lineproof.services import Services
from lineproof.settings import SQLITE, Settings

if TYPE_CHECKING:
    from analytics.delta_index.sqlite import DeltaIndexFile
    from analytics.tables import MetricTables
    from domain.clock import Clock


def open_services(settings: Settings) -> Services:
    """Open the data folder that ``settings`` name, creating it on first use.

    Raises ``BackendError`` when the graph store cannot be reached, ``IntegrityError`` when the
    ledger contradicts itself. Metric tables and delta index are opened when they are first used.
    """
    clock = SystemClock()
    log = Log.open(settings.data, clock=clock)
    try:
        return Services(
            log=log,
            graph=_open_graph(settings),
            metrics=late(lambda: _open_metrics(settings, clock)),
            clock=clock,
            ids=RandomIds(),
            ledger_files=settings.data / "ledger" / "static",
            deltas=late(lambda: _open_deltas(settings)),
        )
    except LineproofError:
        log.close()
        raise


def graph_in_memory() -> GraphStore:
    """An empty graph that is gone with the process."""
    from graph.memory import MemoryGraph

    return MemoryGraph()


def _open_metrics(settings: Settings, clock: "Clock") -> "MetricTables":
    from analytics.tables import MetricTables

    return MetricTables.open(settings.data, clock=clock)


def _open_deltas(settings: Settings) -> "DeltaIndexFile":
    from analytics.delta_index.sqlite import DeltaIndexFile

    return DeltaIndexFile(settings.data / "deltas.db")


def _open_graph(settings: Settings) -> GraphStore:
    if settings.graph == SQLITE:
        return SqliteGraph(settings.data / "graph.db")
    from graph.neo4j.store import Neo4jGraph  # The driver is loaded only when it is used.

    password = settings.graph_password
    return Neo4jGraph(settings.graph, auth=(settings.graph_user, password) if password else None)
