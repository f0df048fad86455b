"""What regressed runs have upstream that others have not: Fisher's exact test, Holm, exactly.

For every artifact and run in the ancestry, and every parameter's value, a 2 × 2 table counts the
regressed and the other runs that have it upstream. p is the one-sided probability of so many or
more regressed runs under the hypergeometric distribution (R. A. Fisher, 1922), as an exact
fraction; Holm corrects over all hypotheses. What the same runs have upstream is one hypothesis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from analytics.exact import nearest
from graph.model import LINEAGE, Edge, Node, NodeKind, node_id
from graph.port import Direction, GraphReader

PARAMS = "params."


@dataclass(frozen=True, slots=True)
class CommonCause:
    """Something upstream of the regressed runs, ranked by how surely it is peculiar to them."""

    node: Node | None
    """The artifact or run; None for a parameter."""
    param: str
    """``name=value``; empty for a node."""
    regressed: int
    others: int
    distance: int
    """Least number of edges from any run; 0 for a parameter."""
    p: float
    """After Holm."""


@dataclass(frozen=True, slots=True)
class CommonCauses:
    """The ranking, and of how many runs."""

    regressed_total: int
    others_total: int
    hypotheses: int
    """Distinct patterns that were tested."""
    causes: tuple[CommonCause, ...]
    """By (p, distance, id); those that at least one regressed run has."""
    truncated: bool
    """Whether the ancestry was too large to be read whole."""


def common_causes(
    graph: GraphReader,
    regressed: Sequence[str],
    others: Sequence[str],
    *,
    replicate_keys: Sequence[str],
    as_of: int | None,
    max_nodes: int,
) -> CommonCauses:
    """Everything upstream of ``regressed`` (run ids), ranked against ``others``.

    A run that is on both sides counts as regressed. One closure is read, of at most ``max_nodes``.
    """
    bad = [node_id(NodeKind.RUN, run) for run in sorted(set(regressed))]
    good = [node_id(NodeKind.RUN, run) for run in sorted(set(others) - set(regressed))]
    roots = [*bad, *good]
    found = graph.closure(
        roots, direction=Direction.UPSTREAM, types=LINEAGE, limit=max_nodes, as_of=as_of
    )
    nodes = {node.id: node for node in found.nodes}
    bits = {root: 1 << index for index, root in enumerate(roots)}
    reached = _reached(bits, found.edges)
    patterns: dict[tuple[str, str], int] = {
        (node, ""): mask for node, mask in reached.items() if node not in bits
    }
    patterns |= _params(bits, nodes, replicate_keys)
    bad_mask = (1 << len(bad)) - 1
    tested = {mask for mask in patterns.values() if mask & bad_mask}
    adjusted = _adjusted(tested, bad_mask, len(bad), len(good))
    causes = [
        CommonCause(
            node=nodes[name] if name else None,
            param=param,
            regressed=(mask & bad_mask).bit_count(),
            others=(mask & ~bad_mask).bit_count(),
            distance=found.distance[name] if name else 0,
            p=nearest(adjusted[mask]),
        )
        for (name, param), mask in patterns.items()
        if mask in adjusted
    ]
    causes.sort(key=_rank)
    return CommonCauses(len(bad), len(good), len(tested), tuple(causes), found.truncated)


def fisher(hits: int, total: int, other_hits: int, other_total: int) -> Fraction:
    """P(at least ``hits`` of ``total``) given how many have it in all: exact, one-sided."""
    having, everything = hits + other_hits, total + other_total
    most = min(having, total)
    ways = sum(
        comb(having, k) * comb(everything - having, total - k) for k in range(hits, most + 1)
    )
    return Fraction(ways, comb(everything, total))


def holm_exact(ps: Mapping[int, Fraction]) -> dict[int, Fraction]:
    """Holm's step-down adjusted p values, by the same keys."""
    adjusted: dict[int, Fraction] = {}
    highest = Fraction(0)
    for rank, (key, p) in enumerate(sorted(ps.items(), key=lambda item: (item[1], item[0]))):
        highest = max(highest, min(Fraction(1), (len(ps) - rank) * p))
        adjusted[key] = highest
    return adjusted


def _adjusted(tested: set[int], bad_mask: int, bad: int, good: int) -> dict[int, Fraction]:
    known: dict[tuple[int, int], Fraction] = {}
    ps: dict[int, Fraction] = {}
    for mask in tested:
        table = (mask & bad_mask).bit_count(), (mask & ~bad_mask).bit_count()
        if table not in known:
            known[table] = fisher(table[0], bad, table[1], good)
        ps[mask] = known[table]
    return holm_exact(ps)


def _reached(bits: Mapping[str, int], edges: Sequence[Edge]) -> dict[str, int]:
    """For each node the set of roots, as bits, that it is upstream of; cycles or not."""
    targets: dict[str, list[str]] = {}
    for edge in edges:
        targets.setdefault(edge.source, []).append(edge.target)
    reached = dict(bits)
    queue = list(bits)
    while queue:
        following: dict[str, None] = {}
        for node in queue:
            mask = reached[node]
            for target in targets.get(node, ()):
                before = reached.get(target, 0)
                if before | mask != before:
                    reached[target] = before | mask
                    following[target] = None
        queue = list(following)
    return reached


def _params(
    bits: Mapping[str, int], nodes: Mapping[str, Node], replicate_keys: Sequence[str]
) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for root, bit in bits.items():
        node = nodes.get(root)
        for name, value in node.attributes.items() if node else ():
            key = name.removeprefix(PARAMS)
            if name.startswith(PARAMS) and key not in replicate_keys:
                said = ("", f"{key}={value}")
                found[said] = found.get(said, 0) | bit
    return found


def _rank(cause: CommonCause) -> tuple[float, int, str, str]:
    return cause.p, cause.distance, cause.node.id if cause.node else "", cause.param
