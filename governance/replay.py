"""Derives recorded verdicts again from the ledger's prefix; they must come out byte for byte.

For each ``verdict.recorded`` entry:

1. its position lies before it, and the tree's root there is the one that it states; where waivers
   were held against a time, it is the `at` of the last entry before the position;
2. the request that it keeps is asked again as of that position, with the analysis that it names;
3. the whole payload (id, policy, runs, outcome, statement) is equal; otherwise the first divergence
   is named: entry, place in the payload, what is recorded, what was derived.

The stores may have been rebuilt, or be of another kind than those that were there at the time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn, cast

import structlog

from analytics.facts import SummaryReader
from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, IntegrityError, NotFoundError, UsageError
from domain.verdict import VERDICT_RECORDED
from governance.divergence import Divergence, first_divergence
from governance.evidence import gather_evidence
from governance.gate_request import gate_request_from_document
from governance.judged_evidence import judged_evidence
from governance.verdict import recorded_payload
from governance.verdict_statement import verdict_statement
from graph.port import GraphReader
from ledger import merkle
from ledger.entry import Entry
from ledger.log import Log
from ledger.sealing import UNREADABLE

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReplayedVerdict:
    """A verdict that came out as it is recorded."""

    verdict_id: str
    seq: int


def replay_verdicts(
    log: Log, *, graph: GraphReader, metrics: SummaryReader, project: str | None = None
) -> tuple[ReplayedVerdict, ...]:
    """Replay every verdict of the ledger (of one project, if given), in order.

    Both stores must have caught up with the ledger. Raises ``IntegrityError`` (REPLAY_DIVERGED) at
    the first one that does not come out the same; ``UsageError`` (ERASED) at the end when some
    could not be derived, for payloads before them were erased.
    """
    size = log.head().size
    wanted = [
        entry.seq
        for entry in log.read(0, size)
        if entry.type == VERDICT_RECORDED and project in (None, entry.project)
    ]
    entries = (entry for seq in wanted for entry in log.read(seq, seq + 1))
    roots = _roots(log, {_tree_size(entry) for seq in wanted for entry in log.read(seq, seq + 1)})
    replayed: list[ReplayedVerdict] = []
    erased: list[int] = []
    for entry in entries:
        root = roots[_tree_size(entry)]
        try:
            replayed.append(
                replay_verdict(
                    entry, graph=graph, metrics=metrics, root=root, at=_time_before(log, entry)
                )
            )
        except IntegrityError:
            if not _was_erased(log, entry):
                raise
            erased.append(entry.seq)
    if erased:
        raise _erased(erased, len(wanted))
    return tuple(replayed)


def replay_one(
    log: Log, seq: int, *, graph: GraphReader, metrics: SummaryReader, project: str
) -> ReplayedVerdict:
    """Replay the verdict recorded at ``seq``; ``NotFoundError`` when none is."""
    for entry in log.read(seq, seq + 1):
        if entry.type == VERDICT_RECORDED and entry.project == project:
            size = _tree_size(entry)
            root = _roots(log, {size})[size]
            try:
                return replay_verdict(
                    entry, graph=graph, metrics=metrics, root=root, at=_time_before(log, entry)
                )
            except IntegrityError as error:
                if not _was_erased(log, entry):
                    raise
                raise _erased([seq], 1) from error
    raise NotFoundError(
        f"Entry {seq} of the project {project!r} records no verdict.",
        hint="Take the leaf index from the verdict itself.",
    )


def replay_verdict(
    entry: Entry,
    *,
    graph: GraphReader,
    metrics: SummaryReader,
    root: bytes,
    at: int | None = None,
) -> ReplayedVerdict:
    """Derive one verdict again; ``root`` is the tree's root at the position that it states.

    ``at`` is the time of the last entry before that position, None for a verdict without waivers.

    Raises ``IntegrityError`` (REPLAY_DIVERGED).
    """
    statement = _object(entry, entry.payload.get("statement"), "statement")
    request = _object(entry, statement.get("request"), "statement.request")
    try:
        evidence = gather_evidence(
            gate_request_from_document(request),
            project=entry.project,
            graph=graph,
            metrics=metrics,
            as_of=_tree_size(entry),
            analysis=str(statement.get("analysis")),
            at=at,
        )
        judgement = judged_evidence(evidence)
    except (NotFoundError, UsageError) as error:
        _diverged(entry, Divergence("statement", "a verdict", error.message), error)
    verdict_id = entry.idem.removeprefix("verdict/")
    derived = recorded_payload(verdict_id, verdict_statement(evidence, judgement, root))
    found = first_divergence(entry.payload, cast("JsonObject", derived))
    if found is not None:
        _diverged(entry, found)
    logger.info("verdict.replayed", verdict=verdict_id, seq=entry.seq)
    return ReplayedVerdict(verdict_id, entry.seq)


def _was_erased(log: Log, entry: Entry) -> bool:
    """Whether the verdict may rest on payloads of its project that can no longer be read."""
    before = log.read(0, _tree_size(entry))
    return any(e.type == UNREADABLE and e.project == entry.project for e in before)


def _erased(seqs: list[int], of: int) -> UsageError:
    return UsageError(
        f"INCONCLUSIVE (erased): {len(seqs)} of {of} verdicts, the first at entry {seqs[0]}, do "
        "not come out again from what is left.",
        code=ErrorCode.ERASED,
        hint="Payloads recorded before them were erased on purpose; what they say stands as "
        "signed, but it can no longer be derived.",
        context={"seq": seqs[0], "erased": len(seqs)},
    )


def _time_before(log: Log, entry: Entry) -> int | None:
    """The `at` that the verdict held waivers against; None when it held none."""
    statement = _object(entry, entry.payload.get("statement"), "statement")
    if "judged_at" not in statement:
        return None
    size = _tree_size(entry)
    return next((last.at for last in log.read(size - 1, size)), None)


def _roots(log: Log, sizes: Iterable[int]) -> dict[int, bytes]:
    """The tree's root at each size, in one pass over the leaves."""
    roots: dict[int, bytes] = {}
    size = 0
    edge: merkle.Edge = ()
    for target in sorted(sizes):
        size, edge = merkle.extend(size, edge, log.leaves(size, target))
        roots[target] = merkle.root(edge)
    return roots


def _tree_size(entry: Entry) -> int:
    statement = _object(entry, entry.payload.get("statement"), "statement")
    as_of = _object(entry, statement.get("as_of"), "statement.as_of")
    size = as_of.get("tree_size")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= entry.seq:
        _diverged(entry, Divergence("statement.as_of.tree_size", str(size), f"at most {entry.seq}"))
    return size


def _object(entry: Entry, value: JsonValue, path: str) -> JsonObject:
    if not isinstance(value, Mapping):
        _diverged(entry, Divergence(path, "no object", "an object"))
    return value


def _diverged(entry: Entry, found: Divergence, cause: Exception | None = None) -> NoReturn:
    logger.error(
        "replay.diverged",
        seq=entry.seq,
        kind="verdict",
        path=found.path,
        expected=found.expected,
        actual=found.actual,
    )
    raise IntegrityError(
        f"The verdict in entry {entry.seq} does not come out again: {found.path} is recorded as "
        f"{found.expected} and derived as {found.actual}.",
        code=ErrorCode.REPLAY_DIVERGED,
        hint="Verify the ledger and rebuild the projections; if it still diverges, do not trust "
        "the verdict.",
        context={
            "seq": entry.seq,
            "kind": "verdict",
            "path": found.path,
            "expected": found.expected,
            "actual": found.actual,
        },
    ) from cause
