"""What upstream differs between two sets of runs, and what it may be blamed for.

A cause is a frontier difference: something in the ancestry of one side only, with nothing upstream
of it differing. Effects are associations in the record, not proof of causation.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.facet import Facet
from domain.metric import MetricKey


class CauseKind(StrEnum):
    """What kind of thing differs."""

    PARAM = "PARAM"
    ARTIFACT = "ARTIFACT"
    EDGE = "EDGE"
    TAG = "TAG"


class Attribution(StrEnum):
    """How far a metric's delta can be blamed on a cause."""

    SOLE = "SOLE"
    """The only recorded difference."""
    ISOLATED = "ISOLATED"
    SHARED = "SHARED"
    CONFOUNDED = "CONFOUNDED"
    """One of ``confounders`` recorded differences that changed together."""
    NO_EFFECT = "NO_EFFECT"
    """The only recorded difference, and the delta is within its margin."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric's delta, attributed."""

    metric: MetricKey
    attribution: Attribution
    confounders: int
    """How many causes changed together, this one included; 1 when it stands alone."""
    oriented: float | None


@dataclass(frozen=True, slots=True)
class Cause:
    """One frontier difference between the two ancestries."""

    kind: CauseKind
    facet: Facet
    label: str
    """In words: ``training data digits-train v2``, ``param alpha 0.0001 → 0.01``."""
    role: str
    before: tuple[str, ...]
    """Distinct values (params) or digests (artifacts) on the baseline side, ordered."""
    after: tuple[str, ...]
    before_ids: tuple[str, ...]
    """Graph node ids of artifacts on the baseline side; empty for params."""
    after_ids: tuple[str, ...]
    distance: int
    """Edges from the run to the difference; 1 for a direct input, 0 for the run's own params."""
    path: tuple[str, ...]
    """Graph node ids from a candidate run to the difference, both ends included."""
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A delta beyond noise with no recorded cause."""

    metric: MetricKey
    reason: str
