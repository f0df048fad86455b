"""Root fields about experiments."""

import strawberry

from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.types.arguments import After, AsOf, First, IncludeDeleted
from schema.types.connection import FIRST, Connection
from schema.types.experiment import Experiment, experiment_connection
from schema.types.ledger_point import asked_size


@strawberry.type
class ExperimentQuery:
    """Root fields about experiments."""

    @resolved("The project's experiments in order of creation.")
    def experiments(
        self,
        info: LineproofInfo,
        first: First = FIRST,
        after: After = None,
        include_deleted: IncludeDeleted = False,
        as_of: AsOf = None,
    ) -> Connection[Experiment]:
        position = info.context.position(asked_size(as_of))
        return experiment_connection(
            info.context, first=first, after=after, deleted=include_deleted, as_of=position
        )
