"""The rules of a policy as small typed values, normalised: thresholds are exact decimal text."""

from dataclasses import dataclass
from typing import TypeAlias

from domain.verdict import Severity


@dataclass(frozen=True, slots=True)
class DeltaRule:
    """The candidate may be worse than the baseline by no more than a margin.

    The margin is max(``margin_absolute``, ``margin_relative`` × |baseline mean|), in the metric's
    unit, and is shown to hold at confidence 1 - ``alpha`` (one-sided).
    """

    id: str
    metric: str
    severity: Severity
    margin_absolute: str | None
    margin_relative: str | None
    alpha: str
    min_samples: int
    """Least number of runs on each side; below it the rule is INCONCLUSIVE."""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Every candidate run's value lies within [``minimum``, ``maximum``], in the metric's unit."""

    id: str
    metric: str
    severity: Severity
    minimum: str | None
    maximum: str | None


Rule: TypeAlias = DeltaRule | LimitRule
