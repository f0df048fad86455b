"""The form of a verdict's statement: what is claimed, complete enough to be derived again.

All numbers that were measured or computed are decimal text (``domain.metric.decimal_text``); counts
and positions are integers. Same policy, runs, position and analysis: same canonical bytes.
"""

from typing import Final, NotRequired, TypedDict, cast

from domain.canonical import JsonObject

STATEMENT_VERSION: Final = 1
MAX_CHANGES: Final = 100
"""Changes of one cause that a statement keeps."""


class PolicyClaim(TypedDict):
    """The policy version that decided."""

    name: str
    digest: str
    leaf_index: int
    """The entry that put this version in force."""
    preregistered: bool
    """The policy's leaf is older than the first leaf of every candidate run."""


class ExcludedRun(TypedDict):
    """A run that the set names and that was not judged."""

    run_id: str
    reason: str


class RunSetClaim(TypedDict):
    """One side: how it was chosen and what came of it."""

    selected_by: str
    """``runs``, ``group``, ``filter``, ``pinned``, ``last_passing``, ``window``, ``best``,
    ``merge_base``."""
    run_ids: list[str]
    excluded: list[ExcludedRun]
    fingerprint: str | None
    """The run group's digest when all runs are of one group."""
    verdict_id: NotRequired[str]
    """With ``last_passing``: the verdict whose candidate this was."""


class Position(TypedDict):
    """Where the ledger was read."""

    tree_size: int
    root_hash: str
    """Base64 of the Merkle root at that size, as a checkpoint writes it."""


class CheckClaim(TypedDict):
    """One facet of both sides held against each other."""

    facet: str
    level: str
    strength: str
    baseline: list[str]
    candidate: list[str]
    reason: str
    hint: str


class ComparabilityClaim(TypedDict):
    """The worst level over the checks."""

    level: str
    checks: list[CheckClaim]


class SideClaim(TypedDict):
    """One side of a delta: finite values, their exact mean and sd (n - 1)."""

    n: int
    mean: str
    sd: str | None
    non_finite: int


class IntervalClaim(TypedDict):
    """One-sided bounds, each at 1 - alpha."""

    low: str
    high: str
    alpha: str
    method: str
    df: str
    """Degrees of freedom, decimal text."""


class DeltaClaim(TypedDict):
    """How a metric moved, and the margin that it is held against."""

    state: str
    baseline: SideClaim | None
    candidate: SideClaim | None
    raw: str | None
    oriented: str | None
    """Positive is better."""
    relative: str | None
    interval: IntervalClaim | None
    margin: str | None
    p: str | None
    p_adjusted: str | None
    uncertainty: str
    pairs: NotRequired[int]
    """How many pairs the interval rests on; absent when nothing is paired."""


class LimitClaim(TypedDict):
    """The allowed range and the value farthest out of it, or nearest to its bounds."""

    min: str | None
    max: str | None
    worst: str | None
    worst_run: str | None
    violations: int
    uncertainty: str | None
    """``UNREPLICATED`` when a single run was judged."""


class MetricClaim(TypedDict):
    """How the metric is read."""

    name: str
    direction: str
    unit: str
    reducer: str
    step: int | None
    target: str | None


class SamplesClaim(TypedDict):
    """Runs that had a value, and runs that would settle the rule."""

    have: int
    need: int | None


class SecondClaim(TypedDict):
    """What a margin rule found against the second baseline."""

    status: str
    message: str
    delta: DeltaClaim | None


class WaivedClaim(TypedDict):
    """The waiver that lifts a finding."""

    waiver_id: str
    leaf_index: int
    by: list[str]
    """The approvers who signed."""
    until: int
    """Its end, ms."""
    reason: str


class RuleClaim(TypedDict):
    """What one rule found."""

    id: str
    kind: str
    """``delta``, ``limit``, ``budget``, ``assertion``, ``provenance``, ``all_of``, ``any_of``, or
    ``built_in`` for what every gate asks."""
    metric: MetricClaim | None
    """None for rules that read no single metric."""
    severity: str
    status: str
    message: str
    hint: str
    samples: SamplesClaim | None
    delta: DeltaClaim | None
    limit: LimitClaim | None
    """Of limit and budget rules; ``worst`` is a budget's sum."""
    split: NotRequired[str]
    """The split of the metric that was judged; absent for the metric itself."""
    applies: NotRequired[bool]
    """False when the rule's ``when`` is; absent otherwise."""
    second: NotRequired[SecondClaim]
    parts: "NotRequired[list[RuleClaim]]"
    """Of all_of and any_of."""
    waiver: NotRequired[WaivedClaim]


class HeldRoot(TypedDict):
    """A root under quarantine."""

    root: str
    state: str
    waiver_id: str | None


class HeldClaim(TypedDict):
    """A candidate run that descends from held roots."""

    run_id: str
    roots: list[HeldRoot]


class MetricRow(TypedDict):
    """A metric on both sides, without a judgement."""

    metric: MetricClaim
    state: str
    baseline: SideClaim | None
    candidate: SideClaim | None
    raw: str | None


class EffectClaim(TypedDict):
    """A metric's delta, attributed to a cause."""

    metric: str
    attribution: str
    confounders: int
    oriented: str | None


class ChangeClaim(TypedDict):
    """One thing that changed between two versions; None on the side that lacks it."""

    kind: str
    name: str
    before: str | None
    after: str | None


class CauseClaim(TypedDict):
    """One frontier difference between the two ancestries."""

    kind: str
    facet: str
    label: str
    role: str
    before: list[str]
    """Distinct values (params) or digests (artifacts) on the baseline side."""
    after: list[str]
    before_ids: list[str]
    """Graph node ids of the artifacts; empty for params."""
    after_ids: list[str]
    distance: int
    path: list[str]
    effects: list[EffectClaim]
    changes: NotRequired[list[ChangeClaim]]
    """What changed between the versions, at most ``MAX_CHANGES``; absent where nobody knows."""


class UnexplainedClaim(TypedDict):
    """A delta beyond noise with no recorded cause."""

    metric: str
    reason: str


class Statement(TypedDict):
    """The whole claim."""

    version: int
    request: JsonObject
    """``GateRequest.document``: the question, so that it can be asked again."""
    project: str
    policy: PolicyClaim
    subject: RunSetClaim
    baseline: RunSetClaim | None
    as_of: Position
    analysis: str
    """``name/version`` of the decision mathematics."""
    comparability: ComparabilityClaim | None
    """None when nothing was compared."""
    rules: list[RuleClaim]
    metrics: list[MetricRow]
    """Every metric that either side recorded, gated or not, by key."""
    causes: list[CauseClaim]
    unexplained: list[UnexplainedClaim]
    outcome: str
    blocking: bool
    reason: str
    second_baseline: NotRequired[RunSetClaim | None]
    """When the policy has two baselines."""
    quarantine: NotRequired[list[HeldClaim]]
    """When something upstream is held, waived or not."""
    judged_at: NotRequired[int]
    """The `at` of the last entry that was read, ms: what waivers were held against, if any."""


def as_json(statement: Statement) -> JsonObject:
    """The statement as the JSON that an entry keeps."""
    return cast("JsonObject", statement)


def statement_of(document: JsonObject) -> Statement:
    """A statement as it was read from an entry that this product wrote."""
    return cast("Statement", document)
