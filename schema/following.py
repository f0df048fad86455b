"""What the source of a subscription works with: whose project it follows, and how it waits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from strawberry.types import Info

from schema.context import Ports

T = TypeVar("T")


class Feed(Protocol):
    """The ledger as it grows. Sources run on the event loop, so what blocks is handed over."""

    async def grown(self, size: int) -> int:
        """Waits until the ledger has more than ``size`` entries; how many it has then.

        Raises what reading the ledger's head raises.
        """
        ...

    async def read(self, reading: Callable[[], T]) -> T:
        """What ``reading``, which blocks, gives or raises; done in a thread."""
        ...


class Event(Protocol):
    """What a source gives: the object of its field."""

    @property
    def as_of(self) -> int:
        """The ledger's size when the event had just been recorded: its answer is read at it, so
        that it is the same whenever it is read."""
        ...


@dataclass(frozen=True, slots=True)
class Following:
    """One subscription."""

    ports: Ports
    project: str
    feed: Feed


FollowingInfo: TypeAlias = Info[Following, None]
