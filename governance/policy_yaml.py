"""``lineproof.yaml`` as a located tree: a small, safe part of YAML 1.1 and nothing else.

Tags, anchors, aliases, duplicate keys, keys that are not text and further documents are refused.
No object is ever constructed: scalars keep their exact text.
"""

from typing import Protocol

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from governance.located import Fields, Items, Located, Place, Scalar, policy_error

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 16

_KINDS = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "number",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "boolean",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "date",
}


def located_yaml(text: str) -> Located:
    """The document in ``text``; ``UsageError`` (POLICY_INVALID) with line and column."""
    if len(text) > MAX_CHARACTERS:
        raise policy_error(Place(), f"it is longer than {MAX_CHARACTERS} characters")
    try:
        _check_events(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except MarkedYAMLError as error:
        raise policy_error(_error_place(error), f"it is not YAML: {error.problem}") from error
    except ReaderError as error:
        raise policy_error(
            _text_place(text, error.position), "a character that YAML does not allow"
        ) from error
    if root is None:
        raise policy_error(Place(1, 1), "it is empty", "Start with `version: 1`.")
    return _located(root, "")


def _check_events(text: str) -> None:
    """Refuse what must not even be composed: the stream is read once without building a tree."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        _check_plain(event)
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise policy_error(_place(event.start_mark), f"nested deeper than {MAX_DEPTH}")
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            depth -= 1


def _check_plain(event: Event) -> None:
    if isinstance(event, AliasEvent):
        raise policy_error(_place(event.start_mark), "YAML aliases are not allowed")
    if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
        return
    if event.anchor is not None:
        raise policy_error(_place(event.start_mark), "YAML anchors are not allowed")
    if event.tag is not None:
        raise policy_error(_place(event.start_mark), f"YAML tags such as {event.tag!r} are refused")


def _located(node: Node, path: str) -> Located:
    place = _place(node.start_mark, path)
    if isinstance(node, MappingNode):
        return _fields(node, place)
    if isinstance(node, SequenceNode):
        items = (_located(item, f"{path}[{index}]") for index, item in enumerate(node.value))
        return Items(tuple(items), place)
    return Scalar(str(node.value), _KINDS.get(node.tag, "text"), place)


def _fields(node: MappingNode, place: Place) -> Fields:
    values: dict[str, Located] = {}
    keys: dict[str, Place] = {}
    for key, value in node.value:
        at = _place(key.start_mark, place.path)
        if not isinstance(key, ScalarNode):
            raise policy_error(at, "a key must be plain text")
        name = str(key.value)
        if name in values:
            raise policy_error(
                at, f"the key {name!r} stands twice", f"It stands first in line {keys[name].line}."
            )
        values[name] = _located(value, place.below(name))
        keys[name] = at
    return Fields(values, place, keys)


class _Mark(Protocol):
    line: int
    column: int


def _place(mark: _Mark | None, path: str = "") -> Place:
    return Place(mark.line + 1, mark.column + 1, path) if mark else Place(1, 1, path)


def _error_place(error: MarkedYAMLError) -> Place:
    return _place(error.problem_mark or error.context_mark)


def _text_place(text: str, position: int) -> Place:
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
