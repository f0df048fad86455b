"""The domain's own enumerations under their GraphQL names."""

import strawberry

from analytics.causes import Attribution, CauseKind
from analytics.comparability import Level
from analytics.delta import State, Uncertainty
from analytics.version_changes import ChangeKind
from domain.artifact import ArtifactKind
from domain.facet import Facet, Strength
from domain.metric import Direction as MetricDirection
from domain.metric import Reducer
from domain.run import RunStatus
from domain.verdict import Outcome, RuleStatus, Severity
from graph.model import EdgeType, NodeKind
from graph.port import Direction as LineageDirection
from resolvers.lineage import GraphSide


def register_enums() -> None:
    """Make the enumerations known to Strawberry, before a schema is built of them."""
    strawberry.enum(
        Attribution,
        description="How far a metric's delta can be blamed on a cause. SOLE: the only recorded "
        "difference. CONFOUNDED: it changed together with others. NO_EFFECT: the only recorded "
        "difference, and the delta is within its margin. ISOLATED and SHARED need other runs of "
        "the store as evidence.",
    )
    strawberry.enum(CauseKind, description="What kind of thing differs upstream.")
    strawberry.enum(ChangeKind, description="What kind of thing changed between two versions.")
    strawberry.enum(
        Level,
        name="ComparabilityLevel",
        description="VERIFIED: proven equal. ASSUMED: equal by a weak identity. UNKNOWN: not "
        "recorded. CONFLICT: one weak identity with two contents. BROKEN: proven different.",
    )
    strawberry.enum(State, name="DeltaState", description="On which sides the metric was recorded.")
    strawberry.enum(
        Uncertainty,
        description="Which variation an interval covers. SEED_ONLY: that from run to run. PAIRED: "
        "that of which examples are in the evaluation data, not that from run to run. "
        "UNREPLICATED: one run a side, no interval.",
    )
    strawberry.enum(ArtifactKind, description="What an artifact version is.")
    strawberry.enum(Facet, description="What can differ between two runs.")
    strawberry.enum(
        Strength,
        name="IdentityStrength",
        description="How much an identity proves: CONTENT is a full SHA-256 over the bytes, "
        "MANIFEST a digest that lists contents, SAMPLED one over part of the bytes, NAMED a name "
        "and a version.",
    )
    strawberry.enum(
        MetricDirection, name="MetricDirection", description="Which way of a metric is better."
    )
    strawberry.enum(Reducer, description="How the points of one run become one number.")
    strawberry.enum(RunStatus, description="MLflow's run states.")
    strawberry.enum(Outcome, description="What a verdict found. Only PASS and WARN let a run ship.")
    strawberry.enum(RuleStatus, description="What one rule found. Only PASS is a plain pass.")
    strawberry.enum(Severity, description="What a finding does: BLOCK stops the run.")
    strawberry.enum(EdgeType, description="Types of edges; they point upstream, as in W3C PROV.")
    strawberry.enum(NodeKind, description="Kinds of nodes of the provenance graph.")
    strawberry.enum(
        LineageDirection,
        name="LineageDirection",
        description="UPSTREAM leads to causes, DOWNSTREAM to effects.",
    )
    strawberry.enum(GraphSide, description="Whose ancestry a node belongs to.")
