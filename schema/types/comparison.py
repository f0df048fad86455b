"""Comparisons of two sets of runs."""

from collections.abc import Collection

import strawberry

from analytics.comparison import Comparison, Side
from analytics.delta import MetricDelta, State
from analytics.suggested_runs import suggested_runs
from domain.canonical import canonical_bytes
from domain.metric import Direction, Reducer
from domain.verdict import RuleStatus
from resolvers.comparisons import ComparedMetric, ComparisonRecord, compared_metrics
from resolvers.lineage import diff_graph
from resolvers.paging import page_of
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.scalars import BigInt
from schema.types.arguments import After, First, MaxNodes
from schema.types.cause import CauseType, UnexplainedDelta, cause_of
from schema.types.comparability import ComparabilityType, comparability_of
from schema.types.connection import FIRST, Connection, PageInfo, page_info
from schema.types.delta import Delta, MetricMoments, judged_delta, moments_of, plain_delta
from schema.types.ledger_point import LedgerPoint, ledger_point
from schema.types.lineage import DiffGraphType, diff_graph_of
from schema.types.run import Run, load_runs
from schema.types.suggested_run import SuggestedRunType, suggested_run_of


@strawberry.type(description="What is compared: a metric on a split, reduced to one number a run.")
class MetricKey:
    """What is compared."""

    name: str = strawberry.field(description="The metric's name.")
    split: str = strawberry.field(description="The split that it was measured on; empty when none.")
    reducer: Reducer = strawberry.field(description="How a run's points become one number.")
    step: BigInt | None = strawberry.field(description="The step of AT_STEP.")


@strawberry.type(description="How one metric moved from the baseline to the candidate.")
class MetricComparison:
    """How one metric moved."""

    key: MetricKey = strawberry.field(description="What is compared.")
    direction: Direction = strawberry.field(description="Which way is better.")
    unit: str = strawberry.field(description="UCUM unit; empty when none is declared.")
    state: State = strawberry.field(description="On which sides it was recorded.")
    baseline: MetricMoments | None = strawberry.field(description="The baseline's values.")
    candidate: MetricMoments | None = strawberry.field(description="The candidate's values.")
    delta: Delta = strawberry.field(description="The movement.")
    outcome: RuleStatus | None = strawberry.field(
        description="What the policy's rule on it found; null without such a rule."
    )


@strawberry.type(description="A run that was asked for but not compared.")
class ExcludedRun:
    """A run that was asked for but not compared."""

    reason: str = strawberry.field(description="Why not.")
    run_id: str = strawberry.field(description="Its MLflow id.")
    projects: strawberry.Private[Collection[str]]
    as_of: strawberry.Private[int]

    @resolved("The run.")
    async def run(self, info: LineproofInfo) -> Run | None:
        found = await load_runs(info.context, (self.run_id,), self.as_of, within=self.projects)
        return found[0] if found else None


@strawberry.type(description="The runs of one side, a page at a time.")
class ComparedRunConnection:
    """The runs of one side, a page at a time."""

    nodes: list[Run] = strawberry.field(description="The runs of the page, by first ledger entry.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in its list.")
    total_count: int = strawberry.field(description="How many runs are compared.")
    excluded: list[ExcludedRun] = strawberry.field(
        description="The runs that were asked for but not compared."
    )


@strawberry.type(description="One set of runs.")
class ComparisonSide:
    """One set of runs."""

    fingerprint: str | None = strawberry.field(
        description="The run group's digest when all runs are of one group."
    )
    selected_by: str = strawberry.field(
        description="How the set was chosen: `runs`, `group`, `filter`."
    )
    side: strawberry.Private[Side]
    projects: strawberry.Private[Collection[str]]
    as_of: strawberry.Private[int]

    @resolved("Its runs.")
    async def runs(
        self, info: LineproofInfo, first: First = FIRST, after: After = None
    ) -> ComparedRunConnection:
        page = page_of(self.side.run_ids, str, first=first, after=after)
        return ComparedRunConnection(
            nodes=await load_runs(info.context, page.items, self.as_of, within=self.projects),
            page_info=page_info(page, after=after),
            total_count=len(self.side.run_ids),
            excluded=[
                ExcludedRun(
                    run_id=each.run_id,
                    reason=each.reason,
                    projects=self.projects,
                    as_of=self.as_of,
                )
                for each in self.side.excluded
            ],
        )


@strawberry.type(
    name="Comparison",
    description="What differs between two sets of runs. The same sets at the same position give "
    "the same id and the same answer for ever.",
)
class ComparisonType:
    """What differs between two sets of runs."""

    id: strawberry.ID = strawberry.field(
        description="Derived from both sets, definitions, position and analysis."
    )
    analysis: str = strawberry.field(description="`name/version` of the decision mathematics.")
    as_of: LedgerPoint = strawberry.field(description="The state that was compared.")
    baseline: ComparisonSide = strawberry.field(description="What is compared with.")
    candidate: ComparisonSide = strawberry.field(description="What is compared.")
    record: strawberry.Private[ComparisonRecord]

    @resolved("Whether the two sets may be compared, and why.")
    def comparability(self) -> ComparabilityType:
        return comparability_of(self._comparison.comparability)

    @resolved("Every metric that either side recorded.")
    def metrics(
        self, first: First = FIRST, after: After = None, gated_first: bool = False
    ) -> Connection[MetricComparison]:
        metrics = compared_metrics(self.record, gated_first=gated_first)
        page = page_of(metrics, _cursor_key, first=first, after=after)
        return Connection(
            nodes=[_metric(each) for each in page.items],
            page_info=page_info(page, after=after),
            cursors=page.cursors,
            count=lambda: len(metrics),
        )

    @resolved("What differs upstream, the nearest first.")
    def causes(self) -> list[CauseType]:
        return [cause_of(cause) for cause in self._comparison.causes]

    @resolved("Deltas beyond noise with no recorded cause.")
    def unexplained(self) -> list[UnexplainedDelta]:
        return [
            UnexplainedDelta(metric=each.metric.name, reason=each.reason)
            for each in self._comparison.unexplained
        ]

    @resolved("The smallest set of runs that separates CONFOUNDED causes; empty without any.")
    def suggested_runs(self) -> list[SuggestedRunType]:
        return [suggested_run_of(run) for run in suggested_runs(self._comparison.causes)]

    @resolved("The two ancestries as one graph.")
    def diff_graph(self, info: LineproofInfo, max_nodes: MaxNodes = 300) -> DiffGraphType:
        comparison = self._comparison
        found = diff_graph(
            info.context.ports.graph,
            comparison.baseline.run_ids,
            comparison.candidate.run_ids,
            projects=self.record.projects,
            max_nodes=max_nodes,
            as_of=comparison.as_of,
        )
        return diff_graph_of(found)

    @property
    def _comparison(self) -> Comparison:
        return self.record.comparison


def comparison_of(record: ComparisonRecord) -> ComparisonType:
    """The GraphQL object of ``record``."""
    comparison = record.comparison
    return ComparisonType(
        id=strawberry.ID(comparison.id),
        analysis=comparison.analysis,
        as_of=ledger_point(comparison.as_of),
        baseline=_side(comparison.baseline, record),
        candidate=_side(comparison.candidate, record),
        record=record,
    )


def _side(side: Side, record: ComparisonRecord) -> ComparisonSide:
    return ComparisonSide(
        fingerprint=side.fingerprint,
        selected_by=side.selected_by,
        side=side,
        projects=record.projects,
        as_of=record.comparison.as_of,
    )


def _cursor_key(metric: ComparedMetric) -> str:
    key = metric.delta.key
    return canonical_bytes([key.name, key.split, key.reducer.value, key.step]).decode()


def _metric(metric: ComparedMetric) -> MetricComparison:
    delta: MetricDelta = metric.delta
    result = metric.result
    return MetricComparison(
        key=MetricKey(
            name=delta.key.name,
            split=delta.key.split,
            reducer=delta.key.reducer,
            step=None if delta.key.step is None else BigInt(delta.key.step),
        ),
        direction=delta.definition.direction,
        unit=delta.definition.unit,
        state=delta.state,
        baseline=moments_of(delta.baseline),
        candidate=moments_of(delta.candidate),
        delta=judged_delta(delta, result) if result else plain_delta(delta),
        outcome=result.status if result else None,
    )
