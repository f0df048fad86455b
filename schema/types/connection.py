"""Relay cursor connections: pages of stable order with a total that is counted only when asked."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from resolvers.paging import Page
from schema.resolved import resolved

T = TypeVar("T")
R = TypeVar("R")

FIRST = 50
"""Items of a page when the client names no size."""


@strawberry.type(description="Where a page stands in its list (Relay).")
class PageInfo:
    """Where a page stands in its list."""

    end_cursor: str | None = strawberry.field(
        description="Cursor of the last item of the page; send it as `after` to go on."
    )
    has_next_page: bool = strawberry.field(description="Whether more items follow.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item of the page.")
    has_previous_page: bool = strawberry.field(
        description="Whether the page was asked for with `after`, so that items stand before it."
    )


@strawberry.type(description="One item of a page with its cursor (Relay).")
class Edge(Generic[T]):
    """One item of a page with its cursor."""

    cursor: str = strawberry.field(description="Where the item stands in its list.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="A page of a list (Relay).")
class Connection(Generic[T]):
    """A page of a list."""

    nodes: list[T] = strawberry.field(description="The items of the page, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in its list.")
    cursors: strawberry.Private[Sequence[str]]
    count: strawberry.Private[Callable[[], int]]

    @resolved("The items of the page with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [
            Edge(cursor=cursor, node=node)
            for cursor, node in zip(self.cursors, self.nodes, strict=True)
        ]

    @resolved("How many items the whole list has, counted when asked for.")
    def total_count(self) -> int:
        return self.count()


def page_info(page: Page[R], *, after: str | None) -> PageInfo:
    """The Relay page information of ``page``, which was asked for with ``after``."""
    return PageInfo(
        start_cursor=page.cursors[0] if page.cursors else None,
        end_cursor=page.cursors[-1] if page.cursors else None,
        has_next_page=page.has_next,
        has_previous_page=after is not None,
    )
