"""What a name may be: legal Unicode in NFC, short, without characters that hide or reorder text."""

import re
import unicodedata

from domain.errors import ErrorCode, UsageError

_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")

_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def checked_name(value: str, *, what: str, limit: int) -> str:
    """``value`` in NFC.

    ``limit`` is in characters. Raises ``UsageError`` (INVALID_NAME) for empty text, NUL and other
    control characters, lone surrogates, bidirectional overrides and over-long text.
    """
    if not value:
        raise _invalid(what, "it is empty")
    if len(value) > limit:
        raise _invalid(what, f"it has {len(value)} characters, the limit is {limit}")
    for character in value:
        if unicodedata.category(character) in ("Cc", "Cs") or character in _BIDIRECTIONAL:
            raise _invalid(what, f"U+{ord(character):04X} is not allowed in a name")
    return unicodedata.normalize("NFC", value)


def checked_text(value: str, *, what: str, limit: int) -> str:
    """Free text (tag and parameter values): any legal Unicode but NUL, kept as it is.

    Raises ``UsageError`` (INVALID_NAME) for NUL, lone surrogates and over-long text.
    """
    if len(value) > limit:
        raise _invalid(what, f"it has {len(value)} characters, the limit is {limit}")
    if not value.isascii() or "\0" in value:
        flaw = _NOT_TEXT.search(value)
        if flaw:
            raise _invalid(what, f"U+{ord(flaw[0]):04X} is not allowed in text")
    return value


def _invalid(what: str, why: str) -> UsageError:
    return UsageError(
        f"The {what} is not valid: {why}.",
        code=ErrorCode.INVALID_NAME,
        hint="Use printable Unicode text within the limit.",
    )
