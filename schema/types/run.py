"""Runs."""

import math
from collections.abc import Collection
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from analytics.summaries import MetricSummary
from domain.metric import decimal_text
from domain.run import RunStatus
from resolvers import experiments, runs
from resolvers.paging import Page, page_of
from resolvers.runs import RunRecord, RunSelection
from schema.context import LineproofInfo, RequestContext
from schema.global_ids import global_id
from schema.resolved import resolved
from schema.scalars import BigInt, Timestamp
from schema.types.artifact_use import ArtifactUse, artifact_uses
from schema.types.connection import Connection, page_info
from schema.types.key_value import KeyValue, key_values
from schema.types.node import NodeInterface

if TYPE_CHECKING:
    from schema.types.experiment import Experiment
    from schema.types.verdict import Verdict


@strawberry.enum(description="In which order runs stand. Position in the ledger is the only order.")
class RunOrder(Enum):
    """In which order runs stand."""

    RECORDED_ASC = "RECORDED_ASC"
    RECORDED_DESC = "RECORDED_DESC"


RunOrderBy: TypeAlias = Annotated[
    RunOrder, strawberry.argument(description="In which order the runs stand.")
]


@strawberry.type(description="One metric of one run, summarised over its points.")
class RunMetric:
    """One metric of one run."""

    key: str = strawberry.field(description="As it was logged.")
    last: float | None = strawberry.field(
        description="The value at the highest step; null when it is not finite, see `lastText`."
    )
    last_text: str = strawberry.field(
        description="That value as decimal text, `NaN`, `Infinity` or `-Infinity`."
    )
    last_step: BigInt = strawberry.field(description="The step of that value.")
    last_at: Timestamp = strawberry.field(description="The client's time of that value.")
    first: float | None = strawberry.field(description="The value at the lowest step, if finite.")
    min: float | None = strawberry.field(description="The least value, if finite.")
    max: float | None = strawberry.field(description="The greatest value, if finite.")
    mean: float | None = strawberry.field(
        description="The correctly rounded mean; null when any value is not finite."
    )
    count: BigInt = strawberry.field(description="How many points were logged.")
    non_finite: BigInt = strawberry.field(description="How many of them are NaN or infinite.")
    leaf_index: BigInt = strawberry.field(description="The last ledger entry that added a point.")


@strawberry.type(description="One execution (PROV Activity): an MLflow run, a stage execution.")
class Run(NodeInterface):
    """One execution."""

    run_id: str = strawberry.field(description="The id that MLflow clients know.")
    project: str = strawberry.field(description="The project that it belongs to.")
    name: str = strawberry.field(description="Its name; any text, show it escaped.")
    status: RunStatus = strawberry.field(description="How far it has come.")
    lifecycle: str = strawberry.field(description="`active` or `deleted`.")
    user: str = strawberry.field(description="The agent that ran it, as the client named it.")
    experiment_id: str = strawberry.field(description="The experiment's MLflow id.")
    start_time: Timestamp | None = strawberry.field(description="By the client's clock.")
    end_time: Timestamp | None = strawberry.field(description="By the client's clock.")
    leaf_index: BigInt = strawberry.field(description="The run's first ledger entry.")
    record: strawberry.Private[RunRecord]
    as_of: strawberry.Private[int]

    @resolved("The value of its replicate key (`seed`, `random_state`, …).")
    def seed(self) -> str | None:
        return self.record.seed

    @resolved("Its parameters, ordered by key.")
    def params(self) -> list[KeyValue]:
        return key_values(self.record.params)

    @resolved("Its tags, ordered by key.")
    def tags(self) -> list[KeyValue]:
        return key_values(self.record.tags)

    @resolved("Its metrics, ordered by key; only those named, if any are.")
    async def metrics(
        self,
        info: LineproofInfo,
        keys: Annotated[
            list[str] | None, strawberry.argument(description="Which metrics; null for all.")
        ] = None,
    ) -> list[RunMetric]:
        found = await info.context.loaders.metrics.load((self.run_id, self.as_of))
        return [
            run_metric(summary) for summary in found or () if keys is None or summary.key in keys
        ]

    @resolved("Its experiment.")
    async def experiment(
        self, info: LineproofInfo
    ) -> Annotated["Experiment", strawberry.lazy("schema.types.experiment")] | None:
        from schema.types.experiment import experiment_of

        key = (experiments.key_of(self.record.project, self.experiment_id), self.as_of)
        record = await info.context.loaders.experiments.load(key)
        return experiment_of(record, self.as_of) if record else None

    @resolved("The artifact versions that it used, by (artifact, role).")
    async def inputs(self, info: LineproofInfo) -> list[ArtifactUse]:
        found = await info.context.loaders.inputs.load((self.run_id, self.as_of))
        return artifact_uses(found or (), self.as_of)

    @resolved("The artifact versions that it generated, by (artifact, role).")
    async def outputs(self, info: LineproofInfo) -> list[ArtifactUse]:
        found = await info.context.loaders.outputs.load((self.run_id, self.as_of))
        return artifact_uses(found or (), self.as_of)

    @resolved("The runs that informed it (MLflow parents).")
    async def parents(self, info: LineproofInfo) -> list["Run"]:
        found = await info.context.loaders.parents.load((self.run_id, self.as_of))
        return await load_runs(info.context, found or (), self.as_of, within=[self.record.project])

    @resolved("The runs that it informed.")
    async def children(self, info: LineproofInfo) -> list["Run"]:
        found = await info.context.loaders.children.load((self.run_id, self.as_of))
        return await load_runs(info.context, found or (), self.as_of, within=[self.record.project])

    @resolved("The verdicts that judged it as a candidate, the oldest first.")
    async def verdicts(
        self, info: LineproofInfo
    ) -> list[Annotated["Verdict", strawberry.lazy("schema.types.verdict")]]:
        from schema.types.verdict import verdict_of

        found = await info.context.loaders.verdicts.load((self.run_id, self.as_of))
        return [verdict_of(record, self.as_of) for record in found or ()]


def run_of(record: RunRecord, as_of: int) -> Run:
    """The GraphQL object of ``record``, whose fields are read at ``as_of``."""
    return Run(
        id=strawberry.ID(global_id("Run", record.run_id)),
        run_id=record.run_id,
        project=record.project,
        name=record.name,
        status=RunStatus(record.status),
        lifecycle=record.lifecycle,
        user=record.user,
        experiment_id=record.experiment_id,
        start_time=_timestamp(record.start_time),
        end_time=_timestamp(record.end_time),
        leaf_index=BigInt(record.seq),
        record=record,
        as_of=as_of,
    )


async def load_runs(
    context: RequestContext,
    run_ids: tuple[str, ...],
    as_of: int,
    *,
    within: Collection[str] = (),
) -> list[Run]:
    """The runs among ``run_ids``, in their order, in one store call.

    Those of the projects ``within``; of the request's own when none is named.
    """
    projects = within or (context.project,)
    records = await context.loaders.runs.load_many([(run_id, as_of) for run_id in run_ids])
    return [run_of(one, as_of) for one in records if one and one.project in projects]


async def ids_connection(
    context: RequestContext,
    run_ids: tuple[str, ...],
    *,
    first: int,
    after: str | None,
    as_of: int,
    within: Collection[str] = (),
) -> Connection[Run]:
    """A page of runs whose ids are all at hand."""
    page = page_of(run_ids, str, first=first, after=after)
    return Connection(
        nodes=await load_runs(context, page.items, as_of, within=within),
        page_info=page_info(page, after=after),
        cursors=page.cursors,
        count=lambda: len(run_ids),
    )


def run_connection(
    context: RequestContext,
    which: RunSelection,
    *,
    first: int,
    after: str | None,
    order_by: RunOrder,
    as_of: int,
) -> Connection[Run]:
    """A page of the selected runs."""
    graph, metrics = context.ports.graph, context.ports.metrics
    page: Page[RunRecord] = runs.page(
        graph,
        metrics,
        which,
        first=first,
        after=after,
        newest_first=order_by is RunOrder.RECORDED_DESC,
        as_of=as_of,
    )
    return Connection(
        nodes=[run_of(record, as_of) for record in page.items],
        page_info=page_info(page, after=after),
        cursors=page.cursors,
        count=lambda: runs.count(graph, metrics, which, as_of=as_of),
    )


def run_metric(summary: MetricSummary) -> RunMetric:
    """The GraphQL object of one metric's summary."""
    return RunMetric(
        key=summary.key,
        last=finite(summary.last),
        last_text=decimal_text(summary.last),
        last_step=BigInt(summary.last_step),
        last_at=Timestamp(summary.last_timestamp),
        first=finite(summary.first),
        min=finite(summary.min),
        max=finite(summary.max),
        mean=finite(summary.mean),
        count=BigInt(summary.count),
        non_finite=BigInt(summary.non_finite),
        leaf_index=BigInt(summary.seq),
    )


def finite(value: float | None) -> float | None:
    """``value`` as JSON can hold it: None for NaN and the infinities."""
    return value if value is not None and math.isfinite(value) else None


def _timestamp(value: int | None) -> Timestamp | None:
    return None if value is None else Timestamp(value)
