"""The Relay root field."""

import strawberry

from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.types.arguments import AsOf
from schema.types.ledger_point import asked_size
from schema.types.load_node import load_node
from schema.types.node import NodeInterface


@strawberry.type
class NodeQuery:
    """The Relay root field."""

    @resolved("Any object by its global id; null when there is none.")
    async def node(
        self,
        info: LineproofInfo,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the API
        as_of: AsOf = None,
    ) -> NodeInterface | None:
        position = info.context.position(asked_size(as_of))
        return await load_node(info.context, id, position)
