"""What the application is made of: the ledger, its projections, the clock and the ids.

Made in one place, ``lineproof.wiring``; handed to every route and command.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from domain.clock import Clock
from domain.ids import IdSource
from graph.port import GraphStore
from ledger.log import Log
from ledger.projection import Projection, catch_up
from lineproof.late import late

if TYPE_CHECKING:
    from analytics.delta_index.index import DeltaIndex
    from analytics.delta_index.sqlite import DeltaIndexFile
    from analytics.tables import MetricTables


def _delta_index_in_memory() -> "DeltaIndexFile":
    from analytics.delta_index.sqlite import DeltaIndexFile

    return DeltaIndexFile()


@dataclass(frozen=True, slots=True)
class Services:
    """One open data folder. Thread-safe; ``close`` after the last use."""

    log: Log
    graph: GraphStore
    metrics: "MetricTables"
    clock: Clock
    ids: IdSource
    ledger_files: Path
    """The folder of published ledger files, as tlog-tiles lays them out."""
    judging: threading.Lock = field(default_factory=threading.Lock)
    """Held by doors that judge a request by everything recorded before it, until it is appended."""
    deltas: "DeltaIndexFile" = field(default_factory=lambda: late(_delta_index_in_memory))
    _graph_lock: threading.Lock = field(default_factory=threading.Lock)
    _metrics_lock: threading.Lock = field(default_factory=threading.Lock)
    _deltas_lock: threading.Lock = field(default_factory=threading.Lock)

    def catch_up(self) -> int:
        """Bring every projection up to what is committed now; the size that reads then see.

        Cheap when nothing is new. Raises ``IntegrityError`` when the ledger is not the one that a
        projection was built from.
        """
        size = self.catch_up_graph()
        with self._metrics_lock:
            _bring(self.log, self.metrics, size)
        return size

    def catch_up_graph(self) -> int:
        """Bring the graph alone up to what is committed now, which is all that judging a write
        needs; the size that reads of it then see. Errors as ``catch_up``."""
        size = self.log.head().size
        with self._graph_lock:
            _bring(self.log, self.graph, size)
        return size

    def delta_index(self) -> "DeltaIndex":
        """The delta index, up to what is committed now. Errors as ``catch_up``."""
        from analytics.delta_index.index import DeltaIndex

        size = self.log.head().size
        with self._deltas_lock:
            _bring(self.log, self.deltas, size)
        return DeltaIndex(self.deltas)

    def close(self) -> None:
        """Flush and release everything, the ledger last."""
        self.metrics.close()
        self.graph.close()
        self.deltas.close()
        self.log.close()


def _bring(log: Log, projection: Projection, size: int) -> None:
    if projection.cursor().size < size:
        catch_up(log, projection, upto=size)
