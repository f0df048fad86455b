"""Summaries of a run's metric series: exact, commutative, mergeable in any order.

``first`` and ``last`` order points by (step, timestamp, value) as MLflow does; ``total`` is the
exact sum, so the mean is the correctly rounded quotient whatever the order of arrival.
"""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """What comparison needs of one metric of one run."""

    key: str
    count: int
    first: float
    last: float
    last_step: int
    last_timestamp: int
    min: float
    """Over the values that are not NaN; NaN when there is none. The same for ``max``."""
    max: float
    total: Fraction
    """Exact sum of the finite values."""
    non_finite: int
    """How many values are NaN or infinite; the mean is NaN unless this is zero."""
    seq: int
    """The last entry that contributed."""

    @property
    def mean(self) -> float:
        """The correctly rounded mean; NaN when any value was not finite."""
        if self.non_finite or not self.count:
            return float("nan")
        return float(self.total / self.count)
