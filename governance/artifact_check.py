"""Whether files are what the candidate runs produced: an artifact that changed must not ship."""

from collections.abc import Sequence

from analytics.decision import ANALYSIS
from domain.verdict import RuleStatus
from governance.named_artifact import NamedArtifact
from governance.produced import products
from governance.rule import BuiltInRule
from governance.rule_result import RuleResult
from graph.port import GraphReader

ARTIFACTS = "artifacts"
"""Id of the built-in rule."""
_WITHOUT_FILES = ("welch-holm/1",)
"""Verdicts of these analyses did not look at stored files, and must come out again."""


def artifact_finding(
    asked: Sequence[NamedArtifact],
    *,
    graph: GraphReader,
    runs: Sequence[str],
    as_of: int,
    analysis: str = ANALYSIS,
) -> RuleResult | None:
    """FAIL when a file's digest is not the recorded one, MISSING when none is; None if not asked.

    Only digests over whole contents count (strength CONTENT).
    """
    if not asked:
        return None
    rule = BuiltInRule(ARTIFACTS)
    recorded = products(graph, runs, as_of=as_of, files=analysis not in _WITHOUT_FILES)
    unknown: list[str] = []
    for item in asked:
        named = [product for product in recorded if product.named(item.name)]
        if not named:
            unknown.append(item.name)
        elif item.digest.removeprefix("sha256:") not in {product.digest for product in named}:
            message = f"{item.name!r} is not what the candidate produced: its digest differs."
            roots = tuple(sorted({product.root for product in named}))
            hint = "Ship the file that was judged."
            return RuleResult(rule, RuleStatus.FAIL, message, hint, roots=roots)
    if unknown:
        message = f"No candidate run recorded the content of {unknown[0]!r}."
        hint = "Log the file as an artifact of the run."
        return RuleResult(rule, RuleStatus.MISSING, message, hint)
    message = f"{len(asked)} files are what the candidate produced."
    return RuleResult(rule, RuleStatus.PASS, message)
