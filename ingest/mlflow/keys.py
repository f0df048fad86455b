"""Keys and values of params, metrics and tags: MLflow's rules, then our own."""

import posixpath
import re
import unicodedata
from functools import lru_cache

from domain.names import checked_text
from ingest.limits import MAX_KEY, MAX_PARAM_VALUE, MAX_TAG_VALUE
from ingest.mlflow.fields import Fields, invalid, missing, too_long

_KEY = re.compile(r"[/\w.\- :]*")
_CHARACTERS = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), "
    "colon(:) and slashes (/)."
)


def checked_key(key: str, *, path: str, what: str) -> str:
    """``key`` in NFC when MLflow and Lineproof both allow it; ``UsageError`` otherwise.

    ``path`` names the field for messages, ``what`` the thing (``Metric name``, ``Param key``).
    """
    if not key:
        raise missing(path)
    if len(key) > MAX_KEY:
        raise too_long(what, MAX_KEY)
    judged, flaw = _judged(key)
    if flaw:
        raise invalid(path, key, flaw)
    return judged


@lru_cache(maxsize=4096)
def is_plain_key(key: str) -> bool:
    """Whether ``checked_key`` would give ``key`` back as it is."""
    return 0 < len(key) <= MAX_KEY and key.isascii() and not _judged(key)[1]


def param_of(fields: Fields) -> tuple[str, str]:
    """A param's key and value; an absent value is empty text, as in MLflow."""
    key = checked_key(fields.text("key"), path=fields.path("key"), what="Param key")
    value = fields.text("value")
    if len(value) > MAX_PARAM_VALUE:
        raise too_long("Param value", MAX_PARAM_VALUE)
    return key, checked_text(value, what="param value", limit=MAX_PARAM_VALUE)


def tag_of(fields: Fields, *, limit: int = MAX_TAG_VALUE) -> tuple[str, str]:
    """A tag's key and value, of at most ``limit`` characters."""
    path = fields.path("key")
    key = checked_key(fields.text("key"), path=path, what=path)
    value = fields.text("value")
    if len(value) > limit:
        raise too_long(fields.path("value"), limit)
    return key, checked_text(value, what="tag value", limit=limit)


@lru_cache(maxsize=4096)
def _judged(key: str) -> tuple[str, str]:
    """The key in NFC, and what is wrong with it; the same few keys come again and again."""
    key = unicodedata.normalize("NFC", key)
    if not _KEY.fullmatch(key):
        return key, _CHARACTERS
    normal = posixpath.normpath(key)
    if normal != key or normal == "." or normal.startswith(("..", "/")):
        return key, (
            "Names may be treated as files in certain cases, and must not resolve to other names "
            f"when treated as such. This name would resolve to {normal!r}"
        )
    return key, ""
