"""The answer to ``POST /compare``, as renderings read it. Numbers are decimal text or null."""

from typing import TypedDict, cast

from domain.canonical import JsonObject
from domain.errors import BackendError


class Excluded(TypedDict):
    """A run that was asked for but not compared."""

    run_id: str
    reason: str


class Side(TypedDict):
    """One set of runs."""

    run_ids: list[str]
    excluded: list[Excluded]
    fingerprint: str | None
    selected_by: str


class Check(TypedDict):
    """One facet that must not differ."""

    facet: str
    level: str
    reason: str
    hint: str


class Comparability(TypedDict):
    """Whether the sides may be compared, and why."""

    level: str
    checks: list[Check]
    budget_checks: list[Check]


class MetricKey(TypedDict):
    """What is compared."""

    name: str
    split: str
    reducer: str
    step: int | None


class Definition(TypedDict):
    """How the metric is read."""

    direction: str
    unit: str


class Moments(TypedDict):
    """One side's values."""

    n: int
    mean: str
    sd: str | None
    non_finite: int


class Interval(TypedDict):
    """One-sided bounds of the delta."""

    low: str
    high: str
    alpha: str


class Delta(TypedDict):
    """How one metric moved."""

    key: MetricKey
    definition: Definition
    state: str
    baseline: Moments | None
    candidate: Moments | None
    raw: str | None
    oriented: str | None
    relative: str | None
    interval: Interval | None
    p: str | None
    uncertainty: str
    pairs: int | None
    unpaired: str


class Evidence(TypedDict):
    """Another pair of the store that differs in the cause alone."""

    baseline: list[str]
    candidate: list[str]
    oriented: str | None


class Effect(TypedDict):
    """What a cause may be blamed for."""

    metric: MetricKey
    attribution: str
    confounders: int
    oriented: str | None
    evidence: Evidence | None


class Change(TypedDict):
    """One thing that changed between two versions."""

    kind: str
    name: str
    before: str | None
    after: str | None


class Cause(TypedDict):
    """A frontier difference."""

    kind: str
    facet: str
    label: str
    role: str
    before: list[str]
    after: list[str]
    distance: int
    path: list[str]
    changes: list[Change]
    effects: list[Effect]


class Unexplained(TypedDict):
    """A delta beyond noise with no recorded cause."""

    metric: MetricKey
    reason: str


class Comparison(TypedDict):
    """``analytics.comparison.comparison_json``."""

    id: str
    as_of: int
    analysis: str
    baseline: Side
    candidate: Side
    comparability: Comparability
    deltas: list[Delta]
    causes: list[Cause]
    unexplained: list[Unexplained]


class Result(TypedDict):
    """What the policy's rule on a metric found."""

    status: str
    message: str
    margin: str | None


class Suggestion(TypedDict):
    """A run to make, as the baseline but for these changes."""

    changes: list[str]
    separates: list[str]


class GraphNode(TypedDict):
    """A node of the difference graph."""

    id: str
    kind: str
    label: str
    side: str


GraphEdge = TypedDict("GraphEdge", {"from": str, "to": str, "type": str, "role": str})


class DiffGraph(TypedDict):
    """Both ancestries as one graph."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    truncated: bool


class Answer(TypedDict):
    """Everything that is shown."""

    comparison: Comparison
    policy: str | None
    results: dict[str, Result]
    """By metric name."""
    suggestedRuns: list[Suggestion]
    diffGraph: DiffGraph


def answer_of(answer: JsonObject) -> Answer:
    """``answer``; ``BackendError`` when it is not that of a comparison."""
    missing = sorted(Answer.__annotations__.keys() - answer.keys())
    if missing:
        raise BackendError(
            f"The answer is not a comparison: it has no {missing[0]}.",
            hint="Ask a server of the same version.",
        )
    return cast("Answer", answer)
