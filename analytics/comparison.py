"""A provenance-aware comparison of two sets of runs: same inputs, same id, same bytes."""

from dataclasses import dataclass

from analytics.causes import Cause, Unexplained
from analytics.comparability import Comparability
from analytics.delta import MetricDelta


@dataclass(frozen=True, slots=True)
class Criterion:
    """How a metric is judged. Decimal texts; margins of None mean no margin is declared."""

    metric: str
    margin_absolute: str | None = None
    margin_relative: str | None = None
    alpha: str = "0.05"
    min_samples: int = 1


@dataclass(frozen=True, slots=True)
class Excluded:
    """A run that was asked for but not compared, and why."""

    run_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Side:
    """One set of runs."""

    run_ids: tuple[str, ...]
    """Ordered by (first leaf, id)."""
    excluded: tuple[Excluded, ...]
    fingerprint: str | None
    """The run group's digest when all runs are of one group, else None."""
    selected_by: str
    """How the set was chosen: ``runs``, ``group``, ``filter``, ``pinned``, ``last_passing``, …"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that can be said of two sets of runs at one ledger position."""

    id: str
    """Derived from both run id lists, the definitions, the criteria, ``as_of`` and analysis."""
    as_of: int
    analysis: str
    """``name/version`` of the decision mathematics, kept callable for ever."""
    baseline: Side
    candidate: Side
    comparability: Comparability
    deltas: tuple[MetricDelta, ...]
    """By metric key."""
    causes: tuple[Cause, ...]
    """By (distance, facet, label)."""
    unexplained: tuple[Unexplained, ...]
