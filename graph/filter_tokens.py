"""Cutting MLflow's search strings into tokens, each with the column where it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import ErrorCode, UsageError

MAX_CHARACTERS = 65_536
MAX_TOKENS = 4_096
"""A list of 1,000 run ids is some 2,000 tokens; nothing that people write comes near."""


class TokenKind(StrEnum):
    """What a token may be used as."""

    TEXT = "text"
    """In single quotes."""
    NAME = "name"
    """A word, or words and quoted parts joined by dots; in double quotes also a text."""
    NUMBER = "number"
    COMPARATOR = "comparator"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a search string as it was written, quotes included."""

    kind: TokenKind
    text: str
    column: int
    """Of its first character, counted from 1."""

    @property
    def word(self) -> str:
        """Upper case, for keywords."""
        return self.text.upper()


_PART = r"""(?:\w+|`[^`]*`|"[^"]*"|'[^']*')"""
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<text>'(?:''|[^'])*')
    | (?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])
    | (?P<name>(?:[^\W\d]\w*|`[^`]*`|"[^"]*")(?:\.{_PART})*)
    | (?P<comparator>[<>!=]+)
    | (?P<punctuation>[(),])
    )""",
    re.VERBOSE,
)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text``, in order.

    Raises ``UsageError``: TOO_COMPLEX beyond ``MAX_CHARACTERS`` or ``MAX_TOKENS``, INVALID_ARGUMENT
    with the column where no token begins. Takes time linear in the text.
    """
    if len(text) > MAX_CHARACTERS:
        raise too_complex(f"it has more than {MAX_CHARACTERS} characters")
    position = 0
    end = len(text.rstrip())
    for count in range(MAX_TOKENS + 1):
        if position >= end:
            return
        if count == MAX_TOKENS:
            raise too_complex(f"it has more than {MAX_TOKENS} words and signs")
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _no_token(text, position)
        yield Token(
            TokenKind(match.lastgroup),
            match.group(match.lastgroup),
            match.start(match.lastgroup) + 1,
        )
        position = match.end()


def invalid(column: int, why: str, *, hint: str = "") -> UsageError:
    """A search string that cannot be read, and where."""
    return UsageError(
        f"Invalid search string at column {column}: {why}.",
        code=ErrorCode.INVALID_ARGUMENT,
        hint=hint or "Write comparisons such as metrics.acc > 0.9 AND params.lr = '0.1'.",
        context={"column": column},
    )


def too_complex(why: str) -> UsageError:
    """A search string that is refused for its size alone."""
    return UsageError(
        f"The search string is too complex: {why}.",
        code=ErrorCode.TOO_COMPLEX,
        hint="Ask for less at once, or split the search.",
    )


def _no_token(text: str, position: int) -> UsageError:
    start = position + len(text[position:]) - len(text[position:].lstrip())
    character = text[start]
    if character in "'\"`":
        return invalid(start + 1, f"the quote {character} is never closed")
    return invalid(start + 1, f"{text[start : start + 20]!r} begins no word, number or sign")
