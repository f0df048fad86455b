"""Keeps secrets out of logs: by the name of the key, and by shape inside text.

A value under a key that sounds like a secret is replaced whole. Inside other text (an exception's
message, a traceback, a URL) what looks like ``password=…``, ``Bearer …`` or ``//user:pass@`` is
replaced. Names decide, so a secret under an innocent name is not found: do not log what you would
not show.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, cast

REDACTED = "[redacted]"

_NAME = (
    r"passwd|password|passphrase|secret|token(?!s)|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|signing[_-]?key|authorization|cookie|credential"
)
_SECRET_KEY = re.compile(_NAME, re.IGNORECASE)
_SCHEME = re.compile(r"bearer|basic", re.IGNORECASE)
_IN_TEXT: tuple[tuple[re.Pattern[str], str, Callable[[str], object]], ...] = (
    (
        re.compile(r"(//[^/\s:@]*:)[^@/\s]+@"),
        rf"\1{REDACTED}@",
        lambda text: "//" in text and "@" in text,
    ),
    (
        re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE),
        rf"\1 {REDACTED}",
        _SCHEME.search,
    ),
    (re.compile(r"\blp_[A-Za-z0-9]+_[A-Za-z0-9_-]+"), REDACTED, lambda text: "lp_" in text),
    (
        re.compile(
            rf"""([\w-]*(?:{_NAME})[\w-]*["']?\s*[=:]\s*)("[^"\n]*"|'[^'\n]*'|[^\s,;&)}}\]]+)""",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
        lambda text: ("=" in text or ":" in text) and _SECRET_KEY.search(text),
    ),
)
"""What a secret looks like, what stands for it, and whether a text can hold it at all."""
_IN_ANY = re.compile(r"[\s:=@]|lp_")
"""Every one of these patterns has it in what it matches."""


def redact_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: the event without its secrets."""
    return {key: redacted(value, key=key) for key, value in event.items()}


def redacted(value: object, *, key: str = "") -> object:
    """``value`` without secrets; it stands under ``key``."""
    if _is_secret(key):
        return REDACTED
    if isinstance(value, str):
        return redacted_text(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(name): redacted(item, key=str(name)) for name, item in items}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [redacted(item) for item in cast("Sequence[object]", value)]
    return value


def redacted_text(text: str) -> str:
    """``text`` with what looks like a secret replaced.

    Nearly every text of an event holds none: what all of a pattern's matches need is looked for
    first, which takes a hundredth of the time.
    """
    if not _IN_ANY.search(text):
        return text
    for pattern, replacement, needed in _IN_TEXT:
        if needed(text):
            text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None
