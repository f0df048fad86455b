"""Reads typed fields out of a located tree; whatever is wrong is POLICY_INVALID at its place."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from domain.errors import UsageError
from domain.names import checked_name
from governance.located import Fields, Items, Located, Place, Scalar, policy_error
from governance.quantity import normal_decimal

T = TypeVar("T")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_A = {"nothing": "nothing", "text": "text", "number": "a number", "boolean": "a boolean"}


def near(name: str, known: Iterable[str]) -> str:
    """``Did you mean …?`` when one of ``known`` is near to ``name``; else the list of them."""
    names = sorted(known)
    matches = difflib.get_close_matches(name, names, n=1)
    if matches:
        return f"Did you mean {matches[0]!r}?"
    return f"Known here: {', '.join(names)}." if names else ""


def fields_of(
    located: Located, what: str, known: Iterable[str], required: Iterable[str] = ()
) -> Fields:
    """A mapping whose keys are all ``known``, with every ``required`` one."""
    fields = mapping_of(located, what)
    names = set(known)
    for name in fields.values:
        if name not in names:
            raise policy_error(
                fields.keys.get(name, fields.values[name].place),
                f"unknown field {name!r} in {what}",
                near(name, names),
            )
    for name in required:
        if name not in fields.values:
            raise policy_error(fields.place, f"{what} has no {name!r}", f"Add the field {name!r}.")
    return fields


def mapping_of(located: Located, what: str) -> Fields:
    """A mapping with any keys."""
    if not isinstance(located, Fields):
        raise policy_error(located.place, f"{what} must be a mapping, not {_found(located)}")
    return located


def items_of(located: Located, what: str) -> tuple[Located, ...]:
    """A list with at least one item."""
    if not isinstance(located, Items):
        raise policy_error(located.place, f"{what} must be a list, not {_found(located)}")
    if not located.values:
        raise policy_error(located.place, f"{what} is empty", "List at least one.")
    return located.values


def text_of(located: Located, what: str) -> str:
    """Text; a bare number, date or boolean is refused, since its spelling would be a guess."""
    if not isinstance(located, Scalar):
        raise policy_error(located.place, f"{what} must be text, not {_found(located)}")
    if located.kind != "text":
        raise policy_error(
            located.place, f"{what} must be text, not {_found(located)}", "Put it in quotes."
        )
    return located.text


def name_of(located: Located, what: str, limit: int) -> str:
    """Text that may be a name, in NFC."""
    return legal_name(text_of(located, what), located.place, what, limit)


def legal_name(text: str, place: Place, what: str, limit: int) -> str:
    """``text`` as a name in NFC, or POLICY_INVALID at ``place``."""
    try:
        return checked_name(text, what=what, limit=limit)
    except UsageError as error:
        raise policy_error(place, error.message.rstrip("."), error.hint) from error


def decimal_of(located: Located, what: str) -> str:
    """A plain decimal as normal text; its exact spelling is read, never a binary float."""
    return normal_decimal(spelling_of(located, what), located.place)


def spelling_of(located: Located, what: str) -> str:
    """The exact text of a number, bare or in quotes."""
    if not isinstance(located, Scalar) or located.kind not in ("text", "number"):
        raise policy_error(located.place, f"{what} must be a number, not {_found(located)}")
    return located.text


def integer_of(located: Located, what: str, least: int, most: int) -> int:
    """A whole number within [``least``, ``most``], written bare."""
    if not isinstance(located, Scalar) or located.kind != "number":
        raise policy_error(located.place, f"{what} must be a whole number, not {_found(located)}")
    if not _INTEGER.fullmatch(located.text) or not least <= int(located.text) <= most:
        raise policy_error(located.place, f"{what} must be a whole number from {least} to {most}")
    return int(located.text)


def flag_of(located: Located, what: str) -> bool:
    """True or false, written bare."""
    if not isinstance(located, Scalar) or located.kind != "boolean":
        raise policy_error(located.place, f"{what} must be true or false, not {_found(located)}")
    return located.text.lower() == "true"


def choice_of(located: Located, what: str, choices: Mapping[str, T]) -> T:
    """One of ``choices`` by its name."""
    text = text_of(located, what)
    if text not in choices:
        raise policy_error(located.place, f"{text!r} is no {what}", near(text, choices))
    return choices[text]


def _found(located: Located) -> str:
    if isinstance(located, Fields):
        return "a mapping"
    if isinstance(located, Items):
        return "a list"
    return _A.get(located.kind, f"a {located.kind}")
