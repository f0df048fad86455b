"""What a run states of one facet, and what several statements prove together.

An identity is as strong as what computed it. Statements are held against each other only under one
algorithm: digests of two algorithms neither agree nor differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.facet_words import short
from analytics.facts import Input
from domain.facet import Strength
from domain.packages import PACKAGES

_NAME = "name"
_TAG = "tag"


@dataclass(frozen=True, slots=True)
class Statement:
    """The identities that one run states of a facet, by algorithm; empty when it states none."""

    values: Mapping[str, tuple[str, ...]]
    strength: Mapping[str, Strength]
    decides: bool
    """An explicit tag, which stands for the whole facet: its names decide as digests do."""
    weak: tuple[str, ...]
    """The same, as NAMED and SAMPLED identities; a list of some packages names no content."""
    contents: tuple[str, ...]
    """The same, as CONTENT identities."""

    def __bool__(self) -> bool:
        return bool(self.values)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every identity as ``algorithm:digest`` or ``name@version``, ordered."""
        return tuple(sorted({text for values in self.values.values() for text in values}))


@dataclass(frozen=True, slots=True)
class Difference:
    """Statements that are proven different."""

    strength: Strength
    values: str
    """In words."""


def statement(
    tag: tuple[str, Strength] | None, inputs: Sequence[Input], *, by_tag: bool
) -> Statement:
    """What the inputs say; the tag where there are none, or where ``by_tag`` it is to decide."""
    tag_decides = tag is not None and (by_tag or not inputs)
    values: dict[str, list[str]] = {}
    strength: dict[str, Strength] = {}
    weak = [
        use.identity
        for use in inputs
        if use.strength <= Strength.SAMPLED and use.algorithm != PACKAGES
    ]
    contents = [use.identity for use in inputs if use.strength is Strength.CONTENT]
    if tag is not None:
        text, how = tag
        (contents if how is Strength.CONTENT else weak).append(text)
        if tag_decides:
            algorithm = "sha256" if how is Strength.CONTENT else _TAG
            values[algorithm], strength[algorithm] = [text], how
    if not tag_decides:
        for use in inputs:
            algorithm = use.algorithm if use.strength >= Strength.SAMPLED else _NAME
            values.setdefault(algorithm, []).append(use.identity)
            strength[algorithm] = min(use.strength, strength.get(algorithm, use.strength))
    return Statement(
        values={algorithm: tuple(sorted(set(texts))) for algorithm, texts in values.items()},
        strength=strength,
        decides=tag_decides,
        weak=tuple(sorted(weak)),
        contents=tuple(sorted(contents)),
    )


def conflicting(stated: Sequence[Statement]) -> str:
    """A NAMED or SAMPLED identity that stands with two different contents; empty when none does."""
    contents: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for each in stated:
        if each.weak and each.contents:
            contents.setdefault(each.weak, set()).add(each.contents)
    conflicts = sorted(weak for weak, found in contents.items() if len(found) > 1)
    return ", ".join(conflicts[0]) if conflicts else ""


def proven_different(stated: Sequence[Statement]) -> Difference | None:
    """The strongest difference under one algorithm; names prove none, but explicit tags do."""
    found: list[tuple[Strength, str]] = []
    for algorithm in sorted({name for each in stated for name in each.values}):
        having = [each for each in stated if algorithm in each.values]
        distinct = sorted({each.values[algorithm] for each in having})
        strength = min(each.strength[algorithm] for each in having)
        decides = strength >= Strength.SAMPLED or all(each.decides for each in having)
        if len(distinct) > 1 and decides:
            found.append((strength, " / ".join(_readable(texts) for texts in distinct[:3])))
    return Difference(*max(found)) if found else None


def equal_strength(stated: Sequence[Statement]) -> Strength | None:
    """How strongly all statements are equal; None when they are not held to be."""
    if any(each.values != stated[0].values for each in stated):
        return None
    return min(strength for each in stated for strength in each.strength.values())


def _readable(texts: Sequence[str]) -> str:
    parts = [text.rpartition(":") for text in texts[:2]]
    words = [f"{algorithm}{colon}{short(digest)}" for algorithm, colon, digest in parts]
    return " + ".join(words) + (" …" if len(texts) > 2 else "")
