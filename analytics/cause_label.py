"""Causes in words: ``training data digits-train v2``, ``param alpha 0.0001 → 0.01``."""

from collections.abc import Callable, Sequence

from analytics.facet_words import FACET_WORDS, short
from analytics.facts import GIT_COMMIT, Input
from analytics.slots import InputDifference, ParamDifference

_MANY = 3
_LONG = 60


def param_label(difference: ParamDifference) -> str:
    """A parameter or facet tag, its values before and after."""
    if difference.tag:
        words = FACET_WORDS[difference.facet]
        before, after = (
            _values(_short_all(side)) for side in (difference.before, difference.after)
        )
    else:
        words = f"param {difference.name}"
        before, after = _values(difference.before), _values(difference.after)
    return f"{words} {before} → {after}"


def input_label(difference: InputDifference, ordinal: Callable[[Input], int]) -> str:
    """The candidate side's versions; commits as before and after; what vanished as such."""
    words = FACET_WORDS[difference.facet]
    uses = (*difference.before, *difference.after)
    if all(use.algorithm == GIT_COMMIT for use in uses):
        before, after = (
            _values([_commit(use.digest) for use in side])
            for side in (difference.before, difference.after)
        )
        return f"{words} {before} → {after}"
    if not difference.after:
        return f"{words} {_versions(difference.before, ordinal)} only in the baseline"
    suffix = "" if difference.before else " only in the candidate"
    return f"{words} {_versions(difference.after, ordinal)}{suffix}"


def _commit(digest: str) -> str:
    """A commit as git abbreviates it."""
    return digest[:7]


def _short_all(values: Sequence[str]) -> list[str]:
    """Digests and names, short enough for a line."""
    return [short(value) for value in values]


def _versions(uses: Sequence[Input], ordinal: Callable[[Input], int]) -> str:
    return _values([_version(use, ordinal(use)) for use in uses])


def _version(use: Input, ordinal: int) -> str:
    if use.digest == use.name:
        return use.name
    return f"{use.name} v{ordinal}" if ordinal else f"{use.name} {short(use.digest)}"


def _values(values: Sequence[str]) -> str:
    if not values:
        return "absent"
    clipped = [value if len(value) <= _LONG else value[: _LONG - 1] + "…" for value in values]
    more = f", … ({len(values)})" if len(values) > _MANY else ""
    return ", ".join(clipped[:_MANY]) + more
