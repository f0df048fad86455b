"""What a verdict puts under quarantine by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.quarantine import Trigger
from domain.verdict import RuleStatus
from governance.rule import BuiltInRule
from governance.rule_result import RuleResult
from graph.model import NodeKind, node_id


@dataclass(frozen=True, slots=True)
class Triggered:
    """A root to hold."""

    root: str
    """Graph node id."""
    reason: str
    trigger: Trigger


def triggered(results: Sequence[RuleResult], run_ids: Sequence[str]) -> tuple[Triggered, ...]:
    """Of each rule with ``on_fail: quarantine`` that FAILs, the candidate runs; of an artifact
    whose digest differs, the version that was recorded; of a required replay that diverged, the
    run. Each root once, the first reason counts.
    """
    found: dict[str, Triggered] = {}
    for result in _failed(results):
        reason = f"{result.rule.id}: {result.message}"
        built_in = isinstance(result.rule, BuiltInRule)
        trigger = Trigger.DIGEST_MISMATCH if built_in else Trigger.DIVERGENCE
        for root in result.roots:
            found.setdefault(root, Triggered(root, reason, trigger))
        if result.rule.quarantine:
            for run_id in run_ids:
                root = node_id(NodeKind.RUN, run_id)
                found.setdefault(root, Triggered(root, reason, Trigger.RULE))
    return tuple(found[root] for root in sorted(found))


def _failed(results: Sequence[RuleResult]) -> Iterator[RuleResult]:
    """Those that FAIL, and their parts that do."""
    for result in results:
        if result.status is RuleStatus.FAIL:
            yield result
        yield from _failed(result.parts)
