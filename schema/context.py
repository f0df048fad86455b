"""What every resolver of one request shares."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from strawberry.types import Info

from analytics.delta_index.index import DeltaIndex
from analytics.tables import MetricTables
from domain.clock import Clock
from domain.errors import UsageError
from domain.ids import IdSource
from graph.port import GraphStore
from ledger.log import Log
from schema.loaders import Loaders


class Ports(Protocol):
    """What the schema needs of the application."""

    @property
    def log(self) -> Log: ...
    @property
    def graph(self) -> GraphStore: ...
    @property
    def metrics(self) -> MetricTables: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> IdSource: ...

    def delta_index(self) -> DeltaIndex:
        """The delta index, brought up to the ledger's head."""
        ...

    def catch_up(self) -> int:
        """Brings the projections up to the ledger's head; returns the tree size then visible."""
        ...


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request: whose project it is about, and the ledger position that it sees."""

    ports: Ports
    project: str
    tree_size: int
    """What is visible: reads without ``asOf`` see exactly this, whatever arrives meanwhile."""
    request_id: str
    loaders: Loaders

    def position(self, asked: int | None) -> int:
        """The tree size to read at; ``UsageError`` when it lies beyond what is recorded."""
        if asked is None:
            return self.tree_size
        if not 0 <= asked <= self.tree_size:
            raise UsageError(
                f"asOf is a tree size from 0 to {self.tree_size}, {asked} was asked for.",
                hint="Leave asOf out to see the present, or send a treeSize that you were given.",
            )
        return asked


LineproofInfo: TypeAlias = Info[RequestContext, None]


def request_context(ports: Ports, *, project: str, request_id: str) -> RequestContext:
    """A context that sees everything recorded until now."""
    return context_at(ports.catch_up(), ports, project=project, request_id=request_id)


def context_at(tree_size: int, ports: Ports, *, project: str, request_id: str) -> RequestContext:
    """A context that sees the first ``tree_size`` entries, as far as the projections have them."""
    loaders = Loaders(ports.graph, ports.metrics)
    return RequestContext(ports, project, tree_size, request_id, loaders)
