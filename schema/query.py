"""The root query: the root fields of every noun."""

import strawberry

from schema.queries.artifacts import ArtifactQuery
from schema.queries.comparisons import ComparisonQuery
from schema.queries.curves import CurveQuery
from schema.queries.effects import EffectQuery
from schema.queries.experiments import ExperimentQuery
from schema.queries.governance import GovernanceQuery
from schema.queries.ledger import LedgerQuery
from schema.queries.lineage import LineageQuery
from schema.queries.nodes import NodeQuery
from schema.queries.policies import PolicyQuery
from schema.queries.run_groups import RunGroupQuery
from schema.queries.runs import RunQuery
from schema.queries.verdicts import VerdictQuery


@strawberry.type(description="Reads. Each answers from one state of the ledger, see `asOf`.")
class Query(
    ArtifactQuery,
    ComparisonQuery,
    CurveQuery,
    EffectQuery,
    ExperimentQuery,
    GovernanceQuery,
    LedgerQuery,
    LineageQuery,
    NodeQuery,
    PolicyQuery,
    RunGroupQuery,
    RunQuery,
    VerdictQuery,
):
    """Reads."""
