"""Hostile names come out as text in every rendering (rows 9-11 of the bad inputs)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.inert import markdown_code, markdown_text, visible

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "[click](javascript:alert(1))",
    "https://evil.example/",
    "a | b",
    "`code` and ``more``",
    "-->",
    "\u202egnp.exe",
    "line\nbreak\r\n# heading",
    "\x1b[2J\x1b]0;title\x07",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_text_holds_no_live_markup(name: str) -> None:
    shown = markdown_text(name)

    assert "\n" not in shown and "\x1b" not in shown and "\u202e" not in shown
    assert not re.search(r"(?<!\\)[<>\[\]()|`:&*_#]", shown)


@given(st.text(max_size=80))
def test_a_code_span_cannot_be_left(name: str) -> None:
    shown = markdown_code(name)
    opening = re.match(r"`+", shown)

    assert opening is not None
    fence = opening.group()
    inside = shown[len(fence) : -len(fence)]
    assert shown.endswith(fence) and fence not in inside.strip("`") and inside
    assert not inside.startswith("`") and not inside.endswith("`")
    assert not re.search(r"(?<!\\)\|", inside)


@given(st.text(max_size=80))
def test_visible_text_has_nothing_invisible(name: str) -> None:
    assert visible(name).isprintable()


def test_nobody_is_called() -> None:
    assert "@octocat" not in markdown_text("@octocat")
