"""Quarantine at the gate: which candidate runs are held, by what, and which waivers lift it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from domain.verdict import RuleStatus
from governance.holds import Hold, active_holds, holds_over
from governance.rule import BuiltInRule
from governance.rule_result import RuleResult
from graph.model import NodeKind, node_id
from graph.port import GraphReader

QUARANTINE = "quarantine"
"""Id of the built-in rule."""


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A candidate run with something held upstream."""

    run_id: str
    holds: tuple[Hold, ...]

    @property
    def blocked(self) -> bool:
        """Whether at least one root is not waived: one waiver lifts one root."""
        return any(hold.blocks for hold in self.holds)


class QuarantineView:
    """Quarantine as of a position, at the ledger's time ``at`` (None: no waiver counts)."""

    def __init__(
        self, graph: GraphReader, projects: Iterable[str], *, as_of: int, at: int | None
    ) -> None:
        self._graph = graph
        self._as_of = as_of
        self._holds = [
            hold
            for project in dict.fromkeys(projects)
            for hold in active_holds(graph, project, as_of=as_of, at=at)
        ]

    def held_runs(self, run_ids: Sequence[str]) -> tuple[HeldRun, ...]:
        """Those of the runs with something held upstream, in the order given."""
        nodes = {run_id: node_id(NodeKind.RUN, run_id) for run_id in run_ids}
        found = holds_over(self._graph, self._holds, nodes.values(), as_of=self._as_of)
        return tuple(
            HeldRun(run_id, found[node]) for run_id, node in nodes.items() if node in found
        )

    def held_among(self, nodes: Collection[str]) -> frozenset[str]:
        """Those of the graph nodes that are held and not waived."""
        blocking = [hold for hold in self._holds if hold.blocks]
        return frozenset(holds_over(self._graph, blocking, nodes, as_of=self._as_of))


def quarantine_result(held: Sequence[HeldRun]) -> RuleResult | None:
    """What the gate itself finds; None when nothing upstream is held."""
    if not held:
        return None
    rule = BuiltInRule(QUARANTINE)
    blocked = [run for run in held if run.blocked]
    if not blocked:
        waivers = sorted({hold.waiver for run in held for hold in run.holds if hold.waiver})
        message = f"{len(held)} runs descend from held roots, each waived."
        return RuleResult(rule, RuleStatus.WAIVED, message, waived=waivers[0])
    run = blocked[0]
    hold = next(hold for hold in run.holds if hold.blocks)
    message = (
        f"{len(blocked)} runs, such as {run.run_id!r}, descend from {hold.root}, which is "
        f"{hold.state}: {hold.reason}"
    )
    hint = "Make them again from clean inputs (`lineproof quarantine heal --plan`)."
    return RuleResult(rule, RuleStatus.FAIL, message, hint)
