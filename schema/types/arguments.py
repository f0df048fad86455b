"""Arguments that many fields share."""

from typing import Annotated, TypeAlias

import strawberry

from schema.types.ledger_point import LedgerPointInput

First: TypeAlias = Annotated[int, strawberry.argument(description="Page size, at most 1,000.")]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="`endCursor` of the page before.")
]
AsOf: TypeAlias = Annotated[
    LedgerPointInput | None,
    strawberry.argument(description="A past state to answer from; null for the present."),
]
Filter: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="MLflow's filter grammar: `metrics.acc > 0.9 AND …`."),
]
IncludeDeleted: TypeAlias = Annotated[
    bool, strawberry.argument(description="Whether what was deleted is shown too.")
]
MaxNodes: TypeAlias = Annotated[
    int, strawberry.argument(description="Most nodes of the answer, at most 5,000.")
]
