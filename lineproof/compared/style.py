"""Colour where it is a terminal, plain text elsewhere; columns that line up either way."""

import unicodedata
from collections.abc import Sequence

from governance.inert import visible

_CODES = {"bold": "1", "dim": "2", "good": "32", "bad": "31", "doubt": "33"}

_OF_WORD = {
    "PASS": "good",
    "better": "good",
    "VERIFIED": "good",
    "FAIL": "bad",
    "worse": "bad",
    "BROKEN": "bad",
    "CONFLICT": "bad",
    "NOT_COMPARABLE": "bad",
    "ERROR": "bad",
    "INCONCLUSIVE": "doubt",
    "MISSING": "doubt",
    "WARN": "doubt",
    "UNKNOWN": "doubt",
}


class Style:
    """Wraps text in ANSI colours, or leaves it alone."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def paint(self, text: str, name: str) -> str:
        """``text`` in a colour of ``_CODES``."""
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self._colour and name in _CODES else text

    def word(self, text: str) -> str:
        """A status in the colour that it has."""
        return self.paint(text, _OF_WORD.get(text.strip(), ""))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
        """Rows whose columns line up; the last column is a status."""
        shown = [[visible(cell) for cell in row] for row in rows]
        widths = [max(map(_width, column)) for column in zip(heads, *shown, strict=True)]
        lines = [self.paint("  ".join(_fill(heads, widths)).rstrip(), "bold")]
        for row in shown:
            *cells, last = _fill(row, widths)
            lines.append("  ".join([*cells, self.word(last.rstrip())]).rstrip())
        return lines


def _fill(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell + " " * (w - _width(cell)) for cell, w in zip(cells, widths, strict=True)]


def _width(text: str) -> int:
    """Columns of a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
