"""Names that strangers chose, made harmless: they show as text and do nothing, wherever printed."""

MAX_SHOWN = 200
"""Characters of one name that are shown."""

_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~&:/=^$\"'")


def visible(text: str) -> str:
    """``text`` with every character that is invisible or moves others written as ``\\u202e``."""
    return all_visible(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")


def all_visible(text: str) -> str:
    """As ``visible``, however long it is."""
    return "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}" for character in text
    )


def markdown_text(text: str) -> str:
    """``text`` as Markdown that renders as itself: no markup, HTML, link or mention."""
    escaped = "".join(
        f"\\{character}" if character in _MARKDOWN else character for character in visible(text)
    )
    # A zero-width space keeps `@name` from calling anybody.
    return escaped.replace("@", "@\u200b")


def markdown_code(text: str) -> str:
    """``text`` as a code span, fenced by more backticks than it holds; safe in a table cell."""
    shown = visible(text).replace("|", "\\|")
    fence = "`"
    while fence in shown:
        fence += "`"
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
