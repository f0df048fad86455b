"""Text as this store needs it: an order by code point, patterns as regular expressions."""

import re
from typing import Final

from graph.rare import INDEXED_LENGTH

MAX_INTEGER: Final = 2**63 - 1
"""Largest integer of Neo4j; also the position that is past every entry."""


def looked_up(value: object) -> object:
    """What stands in the property ``short``: the value, or None for a text too long to index."""
    return None if isinstance(value, str) and len(value) > INDEXED_LENGTH else value


def clamped(number: int) -> int:
    """``number`` within Neo4j's integers; stored ones lie far inside, so no comparison changes."""
    return max(-MAX_INTEGER, min(MAX_INTEGER, number))


def order_key(text: str) -> str:
    """A text whose order in any encoding is the order of ``text`` by code point.

    Cypher's ``<`` compares UTF-16 units, its indexes and ORDER BY code points. The UTF-8 bytes as
    characters up to U+00FF order the same in both, and ASCII stays as it is.
    """
    return text.encode("utf-8").decode("latin-1")


def stored_order(value: object) -> str | None:
    """What stands in the property ``order`` beside ``value``: nothing when it would be the same."""
    if isinstance(value, str) and not value.isascii():
        return order_key(value)
    return None


def like_regex(pattern: str, *, ignore_case: bool) -> str:
    """The Java regular expression of a LIKE pattern.

    Each part between two ``%`` is taken where it first fits and never reconsidered, which is
    enough for such patterns and keeps the time proportional to text times pattern.
    """
    first, *rest = (_literal(part) for part in re.split("%+", pattern))
    flags = "(?si)" if ignore_case else "(?s)"
    if not rest:
        return flags + first
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return f"{flags}{first}{middle}.*{rest[-1]}"


def _literal(part: str) -> str:
    return "".join("." if c == "_" else f"\\{c}" if _is_sign(c) else c for c in part)


def _is_sign(character: str) -> bool:
    return character.isascii() and not character.isalnum()
