"""Pages of stable order: a cursor names the last item seen, so that new items move nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import UsageError

T = TypeVar("T")
MAX_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items in order, each with its cursor, and whether more follow."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool


def checked_size(first: int) -> int:
    """``first`` when it is a page size; ``UsageError`` (INVALID_ARGUMENT) otherwise."""
    if not 0 <= first <= MAX_PAGE:
        raise UsageError(
            f"A page has from 0 to {MAX_PAGE} items, {first} were asked for.",
            hint=f"Set first to at most {MAX_PAGE} and follow pageInfo.endCursor.",
        )
    return first


def node_cursor(seq: int, node: str) -> str:
    """The cursor of a graph node, whose order is (seq, id)."""
    return base64.b64encode(f"{seq}:{node}".encode()).decode("ascii")


def parse_node_cursor(text: str) -> tuple[int, str]:
    """(seq, node id); ``UsageError`` (INVALID_ARGUMENT) when ``text`` is no cursor of ours."""
    try:
        seq, _, node = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
        if not (seq.isascii() and seq.isdigit() and len(seq) < 19 and node):
            raise ValueError(text)
        return int(seq), node
    except (binascii.Error, ValueError):
        raise _unknown_cursor(text) from None


def page_of(
    items: Sequence[T], key: Callable[[T], str], *, first: int, after: str | None
) -> Page[T]:
    """A page of items that are all at hand; ``key`` names each one uniquely."""
    size = checked_size(first)
    cursors = [base64.b64encode(key(item).encode()).decode("ascii") for item in items]
    start = 0
    if after is not None:
        if after not in cursors:
            raise _unknown_cursor(after)
        start = cursors.index(after) + 1
    stop = start + size
    return Page(tuple(items[start:stop]), tuple(cursors[start:stop]), stop < len(items))


def _unknown_cursor(text: str) -> UsageError:
    return UsageError(
        f"{text[:60]!r} is not a cursor of this list.",
        hint="Send pageInfo.endCursor of the page before, with the same arguments.",
    )
