"""Baseline rules as values: what candidates are held against, resolved when a verdict is made."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from domain.canonical import JsonObject, JsonValue

MAX_WINDOW: Final = 64
"""Verdicts that a window may reach over."""


@dataclass(frozen=True, slots=True)
class PinnedRuns:
    """The baseline is these runs."""

    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PinnedGroup:
    """The baseline is the run group of this run."""

    run: str


@dataclass(frozen=True, slots=True)
class LastPassing:
    """The baseline is what the latest passing verdict of this policy judged.

    With a ``branch``, only verdicts count whose every candidate run was tagged with it.
    """

    branch: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """The baseline is what the latest ``n`` passing verdicts of this policy judged, together."""

    n: int
    branch: str | None


@dataclass(frozen=True, slots=True)
class Best:
    """The baseline is what the passing verdict with the best mean of ``metric`` judged."""

    metric: str
    branch: str | None


@dataclass(frozen=True, slots=True)
class MergeBase:
    """The baseline is the runs of the candidate's jobs at the commit that the request names."""


BaselineRule: TypeAlias = PinnedRuns | PinnedGroup | LastPassing | Window | Best | MergeBase


def baseline_document(rule: BaselineRule) -> JsonObject:
    """The canonical form, which the policy reader reads back."""
    if isinstance(rule, PinnedRuns):
        return {"pinned": list(rule.runs)}
    if isinstance(rule, PinnedGroup):
        return {"pinned": {"group": rule.run}}
    if isinstance(rule, MergeBase):
        return {"merge_base": {}}
    branch: dict[str, JsonValue] = {} if rule.branch is None else {"branch": rule.branch}
    if isinstance(rule, Window):
        return {"window": {"n": rule.n, **branch}}
    if isinstance(rule, Best):
        return {"best": {"metric": rule.metric, **branch}}
    return {"last_passing": branch}
