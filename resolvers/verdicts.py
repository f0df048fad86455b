"""Reading recorded verdicts."""

import re
from collections.abc import Collection

from domain.errors import UsageError
from governance.verdict import VerdictRecord, verdict_key, verdict_of
from graph.model import EdgeType, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from ledger.log import Log
from resolvers.paging import Page, checked_size, node_cursor, parse_node_cursor

_VERDICT_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def checked_id(text: str) -> str:
    """``text``; ``UsageError`` when no verdict can have that id (``domain.ids.derived_id``)."""
    if not _VERDICT_ID.fullmatch(text):
        raise UsageError(
            f"{text[:60]!r} is not the id of a verdict.",
            hint="A verdict id has 32 hexadecimal digits in lower case.",
        )
    return text


def is_recorded(log: Log, verdict_id: str, *, project: str) -> bool:
    """Whether the ledger has an entry under the verdict's key, whatever the graph knows of it."""
    return bool(log.known_keys(project, [verdict_key(verdict_id)]))


def by_ids(
    graph: GraphReader, verdict_ids: Collection[str], *, project: str, as_of: int | None
) -> dict[str, VerdictRecord]:
    """The verdicts of ``project`` that exist, by id."""
    nodes = graph.nodes([node_id(NodeKind.VERDICT, each) for each in verdict_ids], as_of=as_of)
    return {
        entity_id(node.id): verdict_of(node)
        for node in nodes.values()
        if node.kind is NodeKind.VERDICT and node.project == project
    }


def page(
    graph: GraphReader,
    *,
    project: str,
    policy: str | None,
    first: int,
    after: str | None,
    as_of: int | None,
) -> Page[VerdictRecord]:
    """A page of verdicts, the latest first; under the policy of that name, or under all."""
    size = checked_size(first)
    query = NodeQuery(
        project,
        NodeKind.VERDICT,
        _conditions(policy),
        descending=True,
        after=None if after is None else parse_node_cursor(after),
        limit=size + 1,
    )
    nodes = graph.find(query, as_of=as_of)
    shown = nodes[:size]
    return Page(
        tuple(verdict_of(node) for node in shown),
        tuple(node_cursor(node.seq, node.id) for node in shown),
        len(nodes) > size,
    )


def count(graph: GraphReader, *, project: str, policy: str | None, as_of: int | None) -> int:
    """How many verdicts ``page`` would give in all."""
    query = NodeQuery(project, NodeKind.VERDICT, _conditions(policy))
    return graph.count(query, as_of=as_of)


def of_runs(
    graph: GraphReader, run_ids: Collection[str], *, as_of: int | None
) -> dict[str, tuple[VerdictRecord, ...]]:
    """The verdicts that judged each run as a candidate, oldest first; every run has a key."""
    ids = [node_id(NodeKind.RUN, run_id) for run_id in run_ids]
    edges = graph.incoming(ids, types=[EdgeType.JUDGED], as_of=as_of)
    judged = {run: [edge.source for edge in edges[run] if edge.role == "candidate"] for run in ids}
    nodes = graph.nodes({each for found in judged.values() for each in found}, as_of=as_of)
    return {
        entity_id(run): tuple(
            verdict_of(node)
            for node in sorted((nodes[each] for each in found), key=lambda node: node.seq)
        )
        for run, found in judged.items()
    }


def _conditions(policy: str | None) -> tuple[Condition, ...]:
    return () if policy is None else (Condition("policy_name", Operator.EQ, policy),)
