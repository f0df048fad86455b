"""Which runs would separate causes that changed together.

A pair of runs that differs in one cause alone shows what that cause does. From the baseline to the
candidate, k confounded causes can be walked one at a time over k - 1 runs between them. No fewer
will do: k differences in k distinct causes never close a circle, so they join at least k + 1 sets
of runs, of which two are there already.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.causes import Attribution, Cause
from domain.facet import Facet


@dataclass(frozen=True, slots=True)
class SuggestedChange:
    """One thing to set as the candidate has it."""

    facet: Facet
    label: str
    before: tuple[str, ...]
    """What the baseline has: distinct values or digests, ordered; empty when nothing."""
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SuggestedRun:
    """A run to make, described by what differs from the baseline."""

    changes: tuple[SuggestedChange, ...]
    separates: tuple[str, ...]
    """Labels of the causes that stand alone in a pair once this run and those before it exist."""


def suggested_runs(causes: Sequence[Cause]) -> tuple[SuggestedRun, ...]:
    """The smallest set of runs that separates the CONFOUNDED causes, in the order of ``causes``.

    Each run differs in one cause from the one before it, the first from the baseline and the last
    from the candidate. Empty when nothing is confounded.
    """
    confounded = [cause for cause in causes if _is_confounded(cause)]
    last = len(confounded) - 1
    return tuple(
        SuggestedRun(
            tuple(_change(cause) for cause in confounded[: index + 1]),
            tuple(
                cause.label for cause in confounded[index : index + (2 if index == last - 1 else 1)]
            ),
        )
        for index in range(last)
    )


def _is_confounded(cause: Cause) -> bool:
    return any(effect.attribution is Attribution.CONFOUNDED for effect in cause.effects)


def _change(cause: Cause) -> SuggestedChange:
    return SuggestedChange(cause.facet, cause.label, cause.before, cause.after)
