"""Page tokens of MLflow's searches: where to go on, in which question, at which ledger position.

A token binds its page to the question and to the position of the first page, so that all pages of
one search show one state, whatever is written meanwhile.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import cast

from domain.canonical import JsonValue
from domain.errors import ErrorCode, UsageError
from domain.ids import derived_id

MAX_RESULTS = 50_000
_MAX_TOKEN = 400


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page begins."""

    offset: int
    as_of: int | None
    """Tree size that the search is answered at; None for the first page."""


def question_digest(*parts: JsonValue) -> str:
    """What two requests must share to be pages of one search."""
    return derived_id("mlflow.search", *parts)


def page_token(*, offset: int, as_of: int, question: str) -> str:
    """The token of the page that begins at ``offset``."""
    content = json.dumps([offset, as_of, question], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode()


def parse_page_token(token: str, *, question: str, visible: int) -> PageStart:
    """Where the token's page begins; the first page for an empty token.

    ``visible`` is the tree size that can be read now. Raises ``UsageError`` (INVALID_ARGUMENT) for
    a token that this server did not make for this question.
    """
    if not token:
        return PageStart(0, None)
    content = _decoded(token)
    if not isinstance(content, list) or len(cast("list[object]", content)) != 3:
        raise _invalid("it is not one of this server's")
    offset, as_of, asked = cast("list[object]", content)
    if not _is_count(offset) or not _is_count(as_of) or cast("int", as_of) > visible:
        raise _invalid("it is not one of this server's")
    if asked != question:
        raise _invalid("it belongs to another search")
    return PageStart(cast("int", offset), cast("int", as_of))


def checked_max_results(value: int) -> int:
    """``value`` when a page may be that long; ``UsageError`` otherwise."""
    if value < 1 or value > MAX_RESULTS:
        bound = "a positive integer" if value < 1 else f"at most {MAX_RESULTS}"
        raise UsageError(
            f"Invalid value {value} for parameter 'max_results' supplied. It must be {bound}",
            code=ErrorCode.INVALID_ARGUMENT,
        )
    return value


def _decoded(token: str) -> object:
    if len(token) > _MAX_TOKEN:
        raise _invalid("it is too long")
    try:
        return json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (binascii.Error, ValueError) as error:
        raise _invalid("could not base64-decode") from error


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"Invalid page token, {why}.",
        code=ErrorCode.INVALID_ARGUMENT,
        hint="Take the token from the last page of the same search.",
    )
