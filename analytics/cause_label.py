"""Causes in words: ``training data digits-train v2 (1437 → 1347 rows)``, ``param alpha 1 → 2``."""

from collections.abc import Callable, Sequence

from analytics.facet_words import FACET_WORDS, short
from analytics.facts import GIT_COMMIT, Input
from analytics.slots import InputDifference, ParamDifference, WorkflowDifference
from analytics.version_changes import Change, ChangeKind
from domain.facet import Facet

_MANY = 3
_LONG = 60


def param_label(difference: ParamDifference, changes: Sequence[Change] = ()) -> str:
    """A parameter or facet tag, its values before and after; for packages what changed of them."""
    if changes:
        return f"{FACET_WORDS[difference.facet]} {packages(changes)}"
    if difference.tag:
        words = FACET_WORDS[difference.facet]
        before, after = (
            _values(_short_all(side)) for side in (difference.before, difference.after)
        )
    else:
        words = f"param {difference.name}"
        before, after = _values(difference.before), _values(difference.after)
    return f"{words} {before} → {after}"


def workflow_label(difference: WorkflowDifference) -> str:
    """The jobs that only one side went through, or that stand in place of each other."""
    words = FACET_WORDS[difference.facet]
    before, after = _values(difference.before), _values(difference.after)
    if difference.before and difference.after:
        return f"{words} {before} → {after}"
    return f"{words} " + (
        f"{after} only in the candidate" if difference.after else f"{before} only in the baseline"
    )


def input_label(
    difference: InputDifference,
    ordinal: Callable[[Input], int],
    changes: Sequence[Change] = (),
) -> str:
    """The candidate side's versions and what ``changes`` in them; commits and packages as before
    and after; what vanished as such."""
    words = FACET_WORDS[difference.facet]
    if changes and difference.facet is Facet.ENVIRONMENT:
        return f"{words} {packages(changes)}"
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
    if changes:
        suffix = f" ({contents(changes)})"
    return f"{words} {_versions(difference.after, ordinal)}{suffix}"


def packages(changes: Sequence[Change]) -> str:
    """``numpy 1.26.4 → 2.0.1, scipy added 1.13, … (12)``."""
    return _values([package(each) for each in changes])


def package(change: Change) -> str:
    """``numpy 1.26.4 → 2.0.1``."""
    if change.before is None:
        return f"{change.name} added {change.after}".rstrip()
    if change.after is None:
        return f"{change.name} removed {change.before}".rstrip()
    return f"{change.name} {change.before or 'any'} → {change.after or 'any'}"


def contents(changes: Sequence[Change]) -> str:
    """``1437 → 1347 rows; 2 files added, 1 changed; column age added``."""
    parts = [
        f"{each.before} → {each.after} {_COUNTED[each.kind]}"
        for each in changes
        if each.kind in _COUNTED
    ]
    for kind in (ChangeKind.FILE, ChangeKind.COLUMN):
        named = [each for each in changes if each.kind is kind]
        if named:
            parts.append(_how_many(kind.lower(), named))
    return "; ".join(parts)


_COUNTED = {
    ChangeKind.ROWS: "rows",
    ChangeKind.FILES: "files",
    ChangeKind.BYTES: "bytes",
}


def _how_many(word: str, changes: Sequence[Change]) -> str:
    """``column age added``, or ``2 files added, 1 changed``."""
    if len(changes) == 1:
        return f"{word} {changes[0].name} {_verb(changes[0])}"
    verbs = [_verb(each) for each in changes]
    counts = [
        (verbs.count(verb), verb) for verb in ("added", "removed", "changed") if verb in verbs
    ]
    first, *others = counts
    texts = [f"{first[0]} {word}{'' if first[0] == 1 else 's'} {first[1]}"]
    return ", ".join([*texts, *(f"{count} {verb}" for count, verb in others)])


def _verb(change: Change) -> str:
    if change.before is None:
        return "added"
    return "removed" if change.after is None else "changed"


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
