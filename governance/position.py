"""Where governance reads: a signed checkpoint, and the ledger's own time at it."""

from collections.abc import Callable

from domain.errors import StaleError
from domain.waiver import TIME_WITNESSED
from graph.model import NodeKind
from graph.port import GraphReader, NodeQuery
from ledger.checkpoint import Checkpoint
from ledger.entry import Draft
from ledger.log import Log


def witnessed_position(
    log: Log,
    graph: GraphReader,
    catch_up: Callable[[], int],
    *,
    project: str,
    source: str,
    may_write: bool,
) -> tuple[Checkpoint, int | None]:
    """The checkpoint to read at, and the `at` of its last entry when waivers may count.

    Where waivers are recorded, an entry witnesses the time first. Without writing there is no time
    to hold them against, so none counts. Raises ``StaleError``.
    """
    checkpoint = _caught_up(log, catch_up)
    waivers = NodeQuery(project, NodeKind.WAIVER)
    if not may_write or not graph.count(waivers, as_of=checkpoint.size):
        return checkpoint, None
    idem = f"time/{checkpoint.size}/{checkpoint.root.hex()}"
    log.append([Draft(TIME_WITNESSED, project, "", source, idem, {})])
    checkpoint = _caught_up(log, catch_up)
    (last,) = log.read(checkpoint.size - 1, checkpoint.size)
    return checkpoint, last.at


def _caught_up(log: Log, catch_up: Callable[[], int]) -> Checkpoint:
    checkpoint = log.publish()
    if catch_up() < checkpoint.size:
        raise StaleError(
            f"The projections do not reach the checkpoint at {checkpoint.size}.",
            hint="Ask again in a moment.",
        )
    return checkpoint
