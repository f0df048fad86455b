"""Root fields about runs."""

import strawberry

from resolvers import runs
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import After, AsOf, Filter, First, IncludeDeleted
from schema.types.connection import FIRST, Connection
from schema.types.ledger_point import asked_size
from schema.types.run import Run, RunOrder, RunOrderBy, run_connection, run_of


@strawberry.type
class RunQuery:
    """Root fields about runs."""

    @resolved("One run, by its global id or its MLflow run id.")
    def run(self, info: LineproofInfo, id: strawberry.ID, as_of: AsOf = None) -> Run | None:  # noqa: A002
        context = info.context
        position = context.position(asked_size(as_of))
        (record,) = runs.many(
            context.ports.graph, [local_id(id, "Run")], project=context.project, as_of=position
        )
        return run_of(record, position)

    @resolved("The project's runs that a filter lets through.")
    def runs(
        self,
        info: LineproofInfo,
        first: First = FIRST,
        after: After = None,
        filter: Filter = None,  # noqa: A002 - the argument's name in the API
        order_by: RunOrderBy = RunOrder.RECORDED_ASC,
        include_deleted: IncludeDeleted = False,
        as_of: AsOf = None,
    ) -> Connection[Run]:
        context = info.context
        which = runs.selection(context.project, filter_text=filter, deleted=include_deleted)
        position = context.position(asked_size(as_of))
        return run_connection(
            context, which, first=first, after=after, order_by=order_by, as_of=position
        )
