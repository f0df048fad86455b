"""Policies as frozen values, and the canonical document whose digest is a policy's identity.

The document is itself a ``lineproof.yaml`` of one policy: every default is written out, thresholds
are normal decimals in the metric's unit, and only the metric definitions that its rules read stand
in it. So it can be read back by the same reader, shown, and applied again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from analytics.comparability import Level
from domain.canonical import JsonObject, JsonValue, canonical_digest
from domain.metric import MetricDefinition
from governance.baseline_rule import BaselineRule, baseline_document
from governance.rule import Rule
from governance.rule_document import rule_document

FORMAT_VERSION = 1


class OnInconclusive(StrEnum):
    """What a blocking rule that cannot be judged does to the verdict."""

    BLOCK = "BLOCK"
    WARN = "WARN"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy with everything that it reads."""

    name: str
    replicates: tuple[str, ...]
    """Parameters that may differ inside a run group, ordered."""
    metrics: Mapping[str, MetricDefinition]
    """The declared definitions of the metrics that the rules read."""
    baseline: BaselineRule | None
    on_inconclusive: OnInconclusive
    min_comparability: Level
    """UNKNOWN, ASSUMED or VERIFIED: the least level at which delta rules are judged."""
    rules: tuple[Rule, ...]
    second_baseline: BaselineRule | None = None
    """A margin rule must hold against both: the first shows a step, this one a slow drift."""

    def document(self) -> JsonObject:
        """The canonical document: same policy, same bytes, however it was written."""
        body: dict[str, JsonValue] = {
            "on_inconclusive": self.on_inconclusive.lower(),
            "min_comparability": self.min_comparability.lower(),
            "rules": [rule_document(rule) for rule in self.rules],
        }
        if self.baseline is not None:
            first = baseline_document(self.baseline)
            second = self.second_baseline
            body["baseline"] = first if second is None else [first, baseline_document(second)]
        return {
            "version": FORMAT_VERSION,
            "replicates": list(self.replicates),
            "metrics": {
                name: _metric_document(self.metrics[name]) for name in sorted(self.metrics)
            },
            "policies": {self.name: body},
        }

    def digest(self) -> str:
        """``sha256:<hex>`` of the canonical document."""
        return canonical_digest(self.document())


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A whole ``lineproof.yaml``."""

    version: int
    replicates: tuple[str, ...]
    metrics: Mapping[str, MetricDefinition]
    policies: Mapping[str, Policy]


def _metric_document(definition: MetricDefinition) -> JsonObject:
    document: dict[str, JsonValue] = {
        "direction": definition.direction.lower(),
        "reducer": definition.reducer.lower(),
    }
    if definition.target is not None:
        document["target"] = definition.target
    if definition.step is not None:
        document["step"] = definition.step
    if definition.unit:
        document["unit"] = definition.unit
    return document
