"""Addresses that clients give: kept as text, never opened; what could lead astray is refused."""

import re
from urllib.parse import unquote

from domain.errors import ErrorCode, UsageError
from domain.names import checked_text
from ingest.limits import MAX_LOCATION
from ingest.mlflow.fields import too_long

_SEPARATORS = re.compile(r"[/\\]")
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", re.ASCII)
_MAX_UNQUOTINGS = 8


def checked_location(location: str, *, what: str) -> str:
    """``location`` when it names one place; ``UsageError`` (INVALID_PATH) otherwise.

    Refused, however often percent-encoded: steps upwards, fragments, parameters, backslashes,
    control characters; and MLflow's ``runs:`` addresses, which name no place of their own.
    """
    if len(location) > MAX_LOCATION:
        raise too_long(what, MAX_LOCATION)
    plain = _unquoted(checked_text(location, what=what, limit=MAX_LOCATION), what)
    if any(character < " " or character in "#;\\\x7f" for character in plain):
        raise _invalid(what, "URL can't include fragments, params, backslashes or controls")
    if ".." in _SEPARATORS.split(plain.partition(":")[2]) + _SEPARATORS.split(plain):
        raise _invalid(what, "must not step upwards with '..'")
    if plain.lower().startswith("runs:"):
        raise _invalid(what, "cannot be a runs:/ URI")
    return location


def checked_model_id(model_id: str) -> str:
    """``model_id`` when it is a plain identifier; ``UsageError`` (INVALID_PATH) otherwise."""
    if not _MODEL_ID.fullmatch(model_id):
        raise _invalid("model_id", "must be letters, digits, dots, dashes and underscores")
    return model_id


def _unquoted(text: str, what: str) -> str:
    for _ in range(_MAX_UNQUOTINGS):
        plain = unquote(text)
        if plain == text:
            return text
        text = plain
    raise _invalid(what, "is percent-encoded too often")


def _invalid(what: str, why: str) -> UsageError:
    return UsageError(
        f"'{what}' {why}.",
        code=ErrorCode.INVALID_PATH,
        hint="Give one plain absolute address, such as s3://bucket/folder.",
    )
