"""Experiments."""

import strawberry

from resolvers import experiments, runs
from resolvers.experiments import ExperimentRecord
from resolvers.paging import Page
from schema.context import LineproofInfo, RequestContext
from schema.global_ids import global_id
from schema.resolved import resolved
from schema.scalars import BigInt, Timestamp
from schema.types.arguments import After, Filter, First, IncludeDeleted
from schema.types.connection import FIRST, Connection, page_info
from schema.types.key_value import KeyValue, key_values
from schema.types.node import NodeInterface
from schema.types.run import Run, RunOrder, RunOrderBy, run_connection


@strawberry.type(description="An experiment: a named set of runs (MLflow's).")
class Experiment(NodeInterface):
    """An experiment."""

    experiment_id: str = strawberry.field(description="The id that MLflow clients know.")
    name: str = strawberry.field(description="Its name at the asked position.")
    artifact_location: str = strawberry.field(description="Opaque URI; never opened by the server.")
    lifecycle: str = strawberry.field(description="`active` or `deleted`.")
    created_at: Timestamp = strawberry.field(description="When the ledger recorded it.")
    updated_at: Timestamp = strawberry.field(description="When the ledger last recorded a change.")
    leaf_index: BigInt = strawberry.field(description="The ledger entry that created it.")
    record: strawberry.Private[ExperimentRecord]
    as_of: strawberry.Private[int]

    @resolved("Its tags, ordered by key.")
    def tags(self) -> list[KeyValue]:
        return key_values(self.record.tags)

    @resolved("Its runs.")
    def runs(
        self,
        info: LineproofInfo,
        first: First = FIRST,
        after: After = None,
        filter: Filter = None,  # noqa: A002 - the argument's name in the API
        order_by: RunOrderBy = RunOrder.RECORDED_ASC,
        include_deleted: IncludeDeleted = False,
    ) -> Connection[Run]:
        which = runs.selection(
            self.record.project,
            filter_text=filter,
            experiment_id=self.experiment_id,
            deleted=include_deleted,
        )
        return run_connection(
            info.context, which, first=first, after=after, order_by=order_by, as_of=self.as_of
        )


def experiment_of(record: ExperimentRecord, as_of: int) -> Experiment:
    """The GraphQL object of ``record``, whose fields are read at ``as_of``."""
    return Experiment(
        id=strawberry.ID(global_id("Experiment", record.experiment_id)),
        experiment_id=record.experiment_id,
        name=record.name,
        artifact_location=record.artifact_location,
        lifecycle=record.lifecycle,
        created_at=Timestamp(record.created_at),
        updated_at=Timestamp(record.updated_at),
        leaf_index=BigInt(record.seq),
        record=record,
        as_of=as_of,
    )


def experiment_connection(
    context: RequestContext, *, first: int, after: str | None, deleted: bool, as_of: int
) -> Connection[Experiment]:
    """A page of the project's experiments."""
    graph = context.ports.graph
    page: Page[ExperimentRecord] = experiments.page(
        graph,
        project=context.project,
        first=first,
        after=after,
        deleted=deleted,
        as_of=as_of,
    )
    return Connection(
        nodes=[experiment_of(record, as_of) for record in page.items],
        page_info=page_info(page, after=after),
        cursors=page.cursors,
        count=lambda: experiments.count(
            graph, project=context.project, deleted=deleted, as_of=as_of
        ),
    )
