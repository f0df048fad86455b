"""How a metric is judged: the margin, the level and the number of runs that a rule asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Criterion:
    """How a metric is judged. Decimal texts; margins of None mean no margin is declared."""

    metric: str
    margin_absolute: str | None = None
    margin_relative: str | None = None
    alpha: str = "0.05"
    min_samples: int = 1
    pair_by: str | None = None
    """``examples``, or the parameter whose equal values pair runs; None for unpaired runs."""
    split: str = ""
    """The split of ``metric`` that is judged (``analytics.splits``); empty for the whole."""
