"""YAML as data: mappings, lists and scalars. A tag makes nothing, an alias repeats nothing."""

from typing import Final, cast

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from domain.errors import ErrorCode, UsageError

MAX_DEPTH: Final = 32


def parse_yaml(text: str, where: str) -> object:
    """The value in ``text``; ``UsageError`` (MALFORMED) for what is not plain YAML."""
    try:
        _check(text, where)
        return cast("object", yaml.load(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise _malformed(where, reason) from error


def parse_yaml_object(text: str, where: str) -> dict[str, object]:
    """As ``parse_yaml``, for what must be a mapping; its keys as text."""
    value = parse_yaml(text, where)
    if not isinstance(value, dict):
        raise _malformed(where, "a mapping was expected")
    return {str(key): item for key, item in cast("dict[object, object]", value).items()}


def _check(text: str, where: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, AliasEvent):
            raise _malformed(where, "aliases are not allowed")
        tag = str(getattr(event, "tag", None) or "")
        if tag:
            raise _malformed(where, f"the tag {tag[:60]!r} is not allowed")
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _malformed(where, f"it is nested deeper than {MAX_DEPTH} levels")


def _malformed(where: str, why: str) -> UsageError:
    return UsageError(f"{where} is not plain YAML: {why}.", code=ErrorCode.MALFORMED)
