"""Metric deltas between two sets of runs: raw, oriented (positive = better), relative."""

from dataclasses import dataclass
from enum import StrEnum

from domain.metric import MetricDefinition, MetricKey


class State(StrEnum):
    """On which sides the metric was recorded. A vanished metric is a state, not a gap."""

    BOTH = "BOTH"
    ONLY_BASELINE = "ONLY_BASELINE"
    ONLY_CANDIDATE = "ONLY_CANDIDATE"


class Uncertainty(StrEnum):
    """Which variation the interval covers."""

    SEED_ONLY = "SEED_ONLY"
    PAIRED = "PAIRED"
    UNREPLICATED = "UNREPLICATED"
    """One run a side: there is no interval."""


@dataclass(frozen=True, slots=True)
class Moments:
    """One side of a delta: ``n`` runs with a finite value, their exact mean and sd (n - 1)."""

    n: int
    mean: float
    sd: float | None
    """None when n < 2."""
    non_finite: int
    """Runs whose value is NaN or infinite; such a side never passes a gate."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A one-sided pair of bounds of the oriented delta, each at ``1 - alpha``."""

    low: float
    high: float
    alpha: str
    method: str
    df: int


@dataclass(frozen=True, slots=True)
class MetricDelta:
    """How one metric moved. None where a number has no meaning."""

    key: MetricKey
    definition: MetricDefinition
    state: State
    baseline: Moments | None
    candidate: Moments | None
    raw: float | None
    oriented: float | None
    """None when the direction is NONE."""
    relative: float | None
    """oriented / |baseline mean|; None at a zero or subnormal baseline."""
    interval: Interval | None
    p: float | None
    """One-sided: how surprising this or a worse oriented delta is if nothing changed."""
    uncertainty: Uncertainty
