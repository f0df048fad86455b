"""What the application is made of: the ledger, its projections, the clock and the ids.

Made in one place, ``lineproof.wiring``; handed to every route and command.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from analytics.tables import MetricTables
from domain.clock import Clock
from domain.ids import IdSource
from graph.port import GraphStore
from ledger.log import Log
from ledger.projection import catch_up


@dataclass(frozen=True, slots=True)
class Services:
    """One open data folder. Thread-safe; ``close`` after the last use."""

    log: Log
    graph: GraphStore
    metrics: MetricTables
    clock: Clock
    ids: IdSource
    ledger_files: Path
    """The folder of published ledger files, as tlog-tiles lays them out."""
    _catching_up: threading.Lock = field(default_factory=threading.Lock)

    def catch_up(self) -> int:
        """Bring every projection up to what is committed now; the size that reads then see.

        Cheap when nothing is new. Raises ``IntegrityError`` when the ledger is not the one that a
        projection was built from.
        """
        with self._catching_up:
            size = self.log.head().size
            for projection in (self.graph, self.metrics):
                if projection.cursor().size < size:
                    catch_up(self.log, projection, upto=size)
            return size

    def close(self) -> None:
        """Flush and release everything, the ledger last."""
        self.metrics.close()
        self.graph.close()
        self.log.close()
