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
_PROMPTS = ("prompt-template", "dummy-source")
"""What MLflow's clients give for the source of a prompt, whose text is a tag (its
``mlflow/prompt/constants.py``)."""


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


def checked_source(source: str) -> str:
    """The address of a model version's files, kept as text; ``UsageError`` (INVALID_PATH) when it
    could lead astray: steps upwards, controls, backslashes, or a path of this machine."""
    if source in _PROMPTS:
        return source
    if source.lower().startswith("runs:"):
        checked_location(f"x{source}", what="source")
        return source
    checked_location(source, what="source")
    if "://" not in source and not re.match(r"[a-z0-9+.-]{2,}:/", source, re.ASCII | re.IGNORECASE):
        raise _invalid("source", "must be an address, not a local path")
    if source.lower().startswith("file:"):
        raise _invalid("source", "must not be a file of this machine")
    return source


def checked_artifact_path(path: str) -> str:
    """``path`` when it is one plain relative path; ``UsageError`` (INVALID_PATH) otherwise.

    Refused, however often percent-encoded: absolute paths, steps upwards, empty steps, drives,
    addresses, backslashes, fragments and control characters.
    """
    if len(path) > MAX_LOCATION:
        raise too_long("path", MAX_LOCATION)
    plain = _unquoted(checked_text(path, what="path", limit=MAX_LOCATION), "path")
    if any(character < " " or character in "#?;\\\x7f" for character in plain):
        raise _invalid("path", "must not hold '#', '?', ';', backslashes or controls")
    steps = plain.split("/")
    if any(step in ("", ".", "..") for step in steps) or ":" in steps[0]:
        raise _invalid("path", "must be relative, without '.', '..' and empty steps")
    return path


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
        hint="Give one plain path or address, such as model/data.bin or s3://bucket/folder.",
    )
