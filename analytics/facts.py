"""What is known of a run, gathered for comparison: one plain value, the same from every store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from analytics.summaries import MetricSummary
from domain.facet import Facet, Strength


@dataclass(frozen=True, slots=True)
class Input:
    """One artifact version that a run used, in its role."""

    role: str
    facet: Facet | None
    artifact_id: str
    kind: str
    name: str
    algorithm: str
    digest: str
    strength: Strength
    ordinal: int
    """1 for the first version recorded under this kind and name in the project, then 2, …"""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as it stood at the asked position."""

    run_id: str
    project: str
    name: str
    status: str
    deleted: bool
    seq: int
    """The run's first leaf."""
    params: Mapping[str, str]
    tags: Mapping[str, str]
    inputs: tuple[Input, ...]
    """By (role, kind, name, artifact_id)."""
    parents: tuple[str, ...]
    """Run ids that informed this one, ordered."""
    metrics: Mapping[str, MetricSummary]
    """By metric key as it was logged."""
    at_steps: Mapping[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])
    """The value of (metric key, step), for the AT_STEP reducers that were asked for."""
