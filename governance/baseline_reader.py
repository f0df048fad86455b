"""The ``baseline`` of a policy file: one rule, or a list of two."""

from typing import Final

from governance.baseline_rule import (
    MAX_WINDOW,
    BaselineRule,
    Best,
    LastPassing,
    MergeBase,
    PinnedGroup,
    PinnedRuns,
    Window,
)
from governance.field_reader import fields_of, integer_of, items_of, name_of
from governance.located import Fields, Items, Located, policy_error

BASELINES: Final = ("pinned", "last_passing", "window", "best", "merge_base")
_NAME: Final = 250


def read_baselines(located: Located) -> tuple[BaselineRule, ...]:
    """One or two rules; ``UsageError`` (POLICY_INVALID) for anything else."""
    if not isinstance(located, Items):
        return (_baseline(located),)
    items = items_of(located, "baseline")
    if len(items) > 2:
        raise policy_error(located.place, "a policy has at most two baselines")
    return tuple(_baseline(item) for item in items)


def _baseline(located: Located) -> BaselineRule:
    fields = fields_of(located, "baseline", BASELINES)
    if len(fields.values) != 1:
        raise policy_error(fields.place, f"a baseline is exactly one of {', '.join(BASELINES)}")
    ((kind, value),) = fields.values.items()
    if kind == "pinned":
        return _pinned(value)
    if kind == "merge_base":
        fields_of(value, kind, ())
        return MergeBase()
    if kind == "window":
        inner = fields_of(value, kind, ("n", "branch"), ("n",))
        n = integer_of(inner.values["n"], "n", 1, MAX_WINDOW)
        return Window(n, _branch(inner))
    if kind == "best":
        inner = fields_of(value, kind, ("metric", "branch"), ("metric",))
        return Best(name_of(inner.values["metric"], "metric name", _NAME), _branch(inner))
    return LastPassing(_branch(fields_of(value, kind, ("branch",))))


def _branch(fields: Fields) -> str | None:
    branch = fields.values.get("branch")
    return None if branch is None else name_of(branch, "branch", _NAME)


def _pinned(located: Located) -> PinnedRuns | PinnedGroup:
    if isinstance(located, Fields):
        fields = fields_of(located, "pinned", ("group",), ("group",))
        return PinnedGroup(name_of(fields.values["group"], "run id", _NAME))
    items = items_of(located, "pinned")
    return PinnedRuns(tuple(sorted({name_of(item, "run id", _NAME) for item in items})))
