"""Root fields about lineage."""

from typing import Annotated, TypeAlias

import strawberry

from domain.errors import UsageError
from graph.model import NodeKind, node_id
from graph.port import Direction
from resolvers.lineage import ALL_KINDS, impact, lineage, shortest_path
from schema.context import LineproofInfo
from schema.global_ids import split_global_id
from schema.resolved import resolved
from schema.types.arguments import AsOf, MaxNodes
from schema.types.ledger_point import asked_size
from schema.types.lineage import LineageGraph, lineage_of

Kinds: TypeAlias = Annotated[
    list[NodeKind] | None,
    strawberry.argument(description="Show these alone, and the asked node; all when null."),
]

_KINDS = {"Artifact": NodeKind.ARTIFACT, "Run": NodeKind.RUN}


@strawberry.type
class LineageQuery:
    """Root fields about lineage."""

    @resolved("What made this run or artifact, or what it went into.")
    def lineage(
        self,
        info: LineproofInfo,
        of: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of a run or an artifact.")
        ],
        direction: Annotated[
            Direction, strawberry.argument(description="Towards causes or towards effects.")
        ] = Direction.UPSTREAM,
        depth: Annotated[
            int | None, strawberry.argument(description="Most edges to follow, at most 100.")
        ] = None,
        kinds: Kinds = None,
        max_nodes: MaxNodes = 300,
        as_of: AsOf = None,
    ) -> LineageGraph | None:
        context = info.context
        position = context.position(asked_size(as_of))
        found = lineage(
            context.ports.graph,
            _root(of),
            project=context.project,
            direction=direction,
            depth=depth,
            max_nodes=max_nodes,
            as_of=position,
            kinds=ALL_KINDS if kinds is None else kinds,
        )
        return lineage_of(found, position)

    @resolved("Everything that this run or artifact went into, and the verdicts on it.")
    def impact(
        self,
        info: LineproofInfo,
        of: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of a run or an artifact.")
        ],
        kinds: Kinds = None,
        max_nodes: MaxNodes = 300,
        as_of: AsOf = None,
    ) -> LineageGraph | None:
        context = info.context
        position = context.position(asked_size(as_of))
        found = impact(
            context.ports.graph,
            _root(of),
            project=context.project,
            max_nodes=max_nodes,
            as_of=position,
            kinds=ALL_KINDS if kinds is None else kinds,
        )
        return lineage_of(found, position)

    @resolved("Why one thing is upstream of another: one shortest path; empty when it is not.")
    def lineage_path(
        self,
        info: LineproofInfo,
        of: Annotated[strawberry.ID, strawberry.argument(description="The downstream end.")],
        to: Annotated[strawberry.ID, strawberry.argument(description="The upstream end.")],
        as_of: AsOf = None,
    ) -> LineageGraph | None:
        context = info.context
        position = context.position(asked_size(as_of))
        found = shortest_path(
            context.ports.graph, _root(of), _root(to), project=context.project, as_of=position
        )
        return lineage_of(found, position)


def _root(of: str) -> str:
    type_name, local = split_global_id(of)
    kind = _KINDS.get(type_name)
    if kind is None:
        raise UsageError(
            f"A {type_name} has no lineage.", hint="Send the global id of a run or an artifact."
        )
    return node_id(kind, local)
