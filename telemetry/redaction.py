"""Keeps secrets out of logs: by the name of the key, and by shape inside text.

A value under a key that sounds like a secret is replaced whole. Inside other text (an exception's
message, a traceback, a URL) what looks like ``password=…``, ``Bearer …`` or ``//user:pass@`` is
replaced. Names decide, so a secret under an innocent name is not found: do not log what you would
not show.
"""

import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, cast

REDACTED = "[redacted]"

_NAME = (
    r"passwd|password|passphrase|secret|token(?!s)|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|signing[_-]?key|authorization|cookie|credential"
)
_SECRET_KEY = re.compile(_NAME, re.IGNORECASE)
_IN_TEXT = (
    (re.compile(r"(//[^/\s:@]*:)[^@/\s]+@"), rf"\1{REDACTED}@"),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\blp_[A-Za-z0-9]+_[A-Za-z0-9_-]+"), REDACTED),
    (
        re.compile(
            rf"""([\w-]*(?:{_NAME})[\w-]*["']?\s*[=:]\s*)("[^"\n]*"|'[^'\n]*'|[^\s,;&)}}\]]+)""",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
)


def redact_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: the event without its secrets."""
    return {key: redacted(value, key=key) for key, value in event.items()}


def redacted(value: object, *, key: str = "") -> object:
    """``value`` without secrets; it stands under ``key``."""
    if _SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(name): redacted(item, key=str(name)) for name, item in items}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [redacted(item) for item in cast("Sequence[object]", value)]
    return value


def redacted_text(text: str) -> str:
    """``text`` with what looks like a secret replaced."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text
