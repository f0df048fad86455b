"""Where two sets of runs differ directly: parameters, inputs and facet tags, slot by slot.

A slot is a parameter's name, an input's facet (its role where it has none) with its name, or a
facet tag. What differs is the set of values that each side's runs have in the slot.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

from analytics.facts import Input, RunFacts
from analytics.groups import TAG_ROLE, facet_tag
from domain.facet import Facet

_Sides: TypeAlias = tuple[set[str | None], set[str | None]]

_BY_KIND: Mapping[str, Facet] = MappingProxyType(
    {
        "CODE": Facet.TRAIN_CODE,
        "CONFIG": Facet.PARAMS,
        "ENVIRONMENT": Facet.ENVIRONMENT,
        "MODEL": Facet.BASE_MODEL,
    }
)


@dataclass(frozen=True, slots=True)
class ParamDifference:
    """A parameter, or a facet tag, whose sets of values differ. Values ordered."""

    facet: Facet
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    tag: bool


@dataclass(frozen=True, slots=True)
class InputDifference:
    """A slot whose sets of artifact versions differ. All versions of each side, by identity."""

    facet: Facet
    role: str
    before: tuple[Input, ...]
    after: tuple[Input, ...]

    def exclusive(self) -> tuple[tuple[Input, ...], tuple[Input, ...]]:
        """What only one side has."""
        before = {use.identity for use in self.before}
        after = {use.identity for use in self.after}
        return (
            tuple(use for use in self.before if use.identity not in after),
            tuple(use for use in self.after if use.identity not in before),
        )


@dataclass(frozen=True, slots=True)
class WorkflowDifference:
    """Jobs that stand upstream of one side only, or in place of each other. Names ordered."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    facet: Facet = Facet.WORKFLOW


Difference: TypeAlias = ParamDifference | InputDifference | WorkflowDifference


def param_differences(
    before: Sequence[RunFacts], after: Sequence[RunFacts], replicate_keys: Collection[str]
) -> list[ParamDifference]:
    """Parameters but the replicate keys, by name."""
    names = {name for facts in (*before, *after) for name in facts.params}
    return [
        ParamDifference(Facet.PARAMS, name, *_known(sides), tag=False)
        for name in sorted(names.difference(replicate_keys))
        if (sides := _param_values(before, after, name))
    ]


def replicates_differ(
    before: Sequence[RunFacts], after: Sequence[RunFacts], replicate_keys: Collection[str]
) -> bool:
    """Whether the runs of both sides took different replicate values, such as seeds."""
    return any(_param_values(before, after, name) is not None for name in sorted(replicate_keys))


def tag_differences(
    before: Sequence[RunFacts], after: Sequence[RunFacts], said: Collection[Facet]
) -> list[ParamDifference]:
    """Facet tags, but for SEED and for the facets that are already ``said`` to differ."""
    return [
        ParamDifference(facet, facet.lower(), *_known(sides), tag=True)
        for facet in Facet
        if facet is not Facet.SEED
        and facet not in said
        and (sides := _distinct(_tags(before, facet), _tags(after, facet)))
    ]


def input_differences(
    before: Sequence[RunFacts], after: Sequence[RunFacts]
) -> list[InputDifference]:
    """Inputs by (slot, name); names that only one side has in a slot are held as one difference."""
    sides = _by_slot(before), _by_slot(after)
    found: list[InputDifference] = []
    for slot in sorted({*sides[0], *sides[1]}):
        first, second = (
            side.get(slot, [[]] * len(runs))
            for side, runs in zip(sides, (before, after), strict=True)
        )
        found.extend(_slot_differences(first, second))
    return found


def source_differences(
    before: Sequence[Input], after: Sequence[Input], facet: Facet
) -> list[InputDifference]:
    """What two artifacts were made of, held against each other by kind and name.

    Inputs without a facet count as ``facet``, but for those whose kind says more.
    """
    found: list[InputDifference] = []
    for kind in sorted({use.kind for use in (*before, *after)}):
        sides = [[use for use in side if use.kind == kind] for side in (before, after)]
        for each in _slot_differences([sides[0]], [sides[1]]):
            stated = any(use.facet for use in (*each.before, *each.after)) or kind in _BY_KIND
            found.append(each if stated else replace(each, facet=facet))
    return found


def environments_as_one(differences: Sequence[InputDifference]) -> list[InputDifference]:
    """The differences with those of the environment as one: its files describe one thing."""
    parts = [each for each in differences if each.facet is Facet.ENVIRONMENT]
    if len(parts) < 2:
        return list(differences)
    whole = InputDifference(
        Facet.ENVIRONMENT,
        parts[0].role,
        tuple(use for each in parts for use in each.before),
        tuple(use for each in parts for use in each.after),
    )
    return [*(each for each in differences if each.facet is not Facet.ENVIRONMENT), whole]


def _slot_differences(first: list[list[Input]], second: list[list[Input]]) -> list[InputDifference]:
    """One slot's inputs, run by run, of both sides."""
    names = [{use.name for uses in side for use in uses} for side in (first, second)]
    shared = sorted(names[0] & names[1])
    groups = [{name} for name in shared] + [(names[0] | names[1]).difference(shared)]
    found = (_input_difference(first, second, group) for group in groups)
    return [difference for difference in found if difference is not None]


def _by_slot(runs: Sequence[RunFacts]) -> dict[str, list[list[Input]]]:
    """The inputs of each slot, run by run."""
    slots: dict[str, list[list[Input]]] = {}
    for index, facts in enumerate(runs):
        for use in facts.inputs:
            if not use.role.startswith(TAG_ROLE) and use.facet is not Facet.SEED:
                slot = use.facet.value if use.facet else use.role
                slots.setdefault(slot, [[] for _ in runs])[index].append(use)
    return slots


def _input_difference(
    before: list[list[Input]], after: list[list[Input]], names: Collection[str]
) -> InputDifference | None:
    sides = [
        {tuple(sorted({use.identity for use in uses if use.name in names})) for uses in side}
        for side in (before, after)
    ]
    if sides[0] == sides[1]:
        return None
    versions = [
        {use.identity: use for uses in side for use in uses if use.name in names}
        for side in (before, after)
    ]
    ordered = [tuple(uses[identity] for identity in sorted(uses)) for uses in versions]
    first = (ordered[1] or ordered[0])[0]
    facet = first.facet or _BY_KIND.get(first.kind, Facet.TRAIN_DATA)
    return InputDifference(facet, first.role, ordered[0], ordered[1])


def _param_values(
    before: Sequence[RunFacts], after: Sequence[RunFacts], name: str
) -> _Sides | None:
    return _distinct(
        {facts.params.get(name) for facts in before}, {facts.params.get(name) for facts in after}
    )


def _tags(side: Sequence[RunFacts], facet: Facet) -> set[str | None]:
    stated = [facet_tag(facts, facet) for facts in side]
    return {tag[0] if tag else None for tag in stated}


def _distinct(before: set[str | None], after: set[str | None]) -> _Sides | None:
    """Both sets of values, None standing for a run without one; None when they are equal."""
    return None if before == after else (before, after)


def _known(sides: _Sides) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before, after = (tuple(sorted(text for text in side if text is not None)) for side in sides)
    return before, after
