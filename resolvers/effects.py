"""What changing only one thing has ever done to a metric, and which group is nearest to a run's."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.cause_label import input_label, param_label
from analytics.criterion import Criterion
from analytics.dataset_splits import with_dataset_splits
from analytics.delta import MetricDelta, reduced, value_delta
from analytics.delta_index.index import DeltaIndex, Group, Neighbour
from analytics.delta_index.slots import PARAM
from analytics.facts import Input, RunFacts, SummaryReader, gather_facts
from analytics.slots import input_differences, param_differences, tag_differences
from domain.errors import UsageError
from domain.facet import DEFAULT_REPLICATE_KEYS, Facet
from domain.metric import MetricDefinition, Reducer
from governance.run_set import named_runs
from graph.port import GraphReader
from resolvers.paging import Page, page_of

MAX_GROUP_RUNS = 1_000
"""Runs of a group that count in an effect, the first ones."""


@dataclass(frozen=True, slots=True)
class SlotEffect:
    """Two groups that differ in one slot alone, and what a metric did between them."""

    baseline: Group
    candidate: Group
    label: str
    """The difference in words."""
    delta: MetricDelta | None
    """None when neither group recorded the metric."""


@dataclass(frozen=True, slots=True)
class NearGroup:
    """A comparable group that differs from a run's in one slot alone."""

    neighbour: Neighbour
    label: str


def slot_of(facet: Facet, param: str | None) -> str:
    """The slot of a facet, or of one parameter; ``UsageError`` when there is no such slot."""
    if facet in (Facet.SEED, Facet.HARDWARE):
        raise UsageError(
            f"{facet.value} may differ within a group, so no groups differ in it alone.",
            hint="Ask for another facet.",
        )
    if param is None:
        return facet.value
    if facet is not Facet.PARAMS or param in DEFAULT_REPLICATE_KEYS:
        raise UsageError(
            "A parameter is asked for with the facet PARAMS, and is no replicate key.",
            hint="Send facet: PARAMS and the parameter's name.",
        )
    return PARAM + param


def effects(
    graph: GraphReader,
    metrics: SummaryReader,
    index: DeltaIndex,
    slot: str,
    definition: MetricDefinition,
    *,
    project: str,
    first: int,
    after: str | None,
    as_of: int,
) -> tuple[Page[SlotEffect], int]:
    """Every set of groups that differ in ``slot`` alone, its first group against each other one.

    The earliest group of a set is the baseline; beside the page stands how many pairs there are.
    Raises ``UsageError`` for a metric that is reduced AT_STEP, which summaries do not hold.
    """
    if definition.reducer is Reducer.AT_STEP:
        raise UsageError("Effects are read from summaries, which hold no value at a step.")
    pairs = [
        (groups[0], group)
        for groups in index.classes(project, slot, as_of=as_of)
        for group in groups[1:]
    ]
    page = page_of(pairs, _pair_key, first=first, after=after)
    ids = sorted({run for pair in page.items for group in pair for run in _counted(group)})
    runs = with_dataset_splits(gather_facts(graph, metrics, ids, as_of=as_of))
    facts = {each.run_id: each for each in runs}
    found = tuple(_effect(pair, definition, facts) for pair in page.items)
    return Page(found, page.cursors, page.has_next), len(pairs)


def nearest_groups(
    graph: GraphReader,
    metrics: SummaryReader,
    index: DeltaIndex,
    run_id: str,
    *,
    project: str,
    first: int,
    as_of: int,
) -> list[NearGroup]:
    """The comparable groups that differ from the run's in one slot alone, the nearest first.

    Raises ``NotFoundError`` when the project has no such run.
    """
    named_runs(graph, project, [run_id], as_of=as_of)
    found = index.neighbours(project, run_id, as_of=as_of)[:first]
    ids = [run_id, *(each.group.run_ids[0] for each in found)]
    facts = {each.run_id: each for each in gather_facts(graph, metrics, ids, as_of=as_of)}
    return [
        NearGroup(each, difference_label(facts[run_id], facts[each.group.run_ids[0]]))
        for each in found
    ]


def difference_label(before: RunFacts, after: RunFacts) -> str:
    """What differs directly between two runs, in words, replicate keys apart."""
    inputs = input_differences([before], [after])
    said = {difference.facet for difference in inputs} | {Facet.HARDWARE}
    labels = [
        param_label(each)
        for each in (
            *param_differences([before], [after], DEFAULT_REPLICATE_KEYS),
            *tag_differences([before], [after], said),
        )
    ]
    labels += [input_label(each, _ordinal) for each in inputs if each.facet is not Facet.HARDWARE]
    return "; ".join(labels)


def _effect(
    pair: tuple[Group, Group], definition: MetricDefinition, facts: dict[str, RunFacts]
) -> SlotEffect:
    before, after = pair
    sides = [_values(group, definition, facts) for group in pair]
    delta = None
    if sides[0] or sides[1]:
        alpha = Criterion(definition.name).alpha
        delta = value_delta(definition, sides[0], sides[1], alpha, with_p=False)
    label = difference_label(facts[before.run_ids[0]], facts[after.run_ids[0]])
    return SlotEffect(before, after, label, delta)


def _values(group: Group, definition: MetricDefinition, facts: dict[str, RunFacts]) -> list[float]:
    values = (reduced(facts[run], definition) for run in _counted(group))
    return [value for value in values if value is not None]


def _counted(group: Group) -> Sequence[str]:
    return group.run_ids[:MAX_GROUP_RUNS]


def _pair_key(pair: tuple[Group, Group]) -> str:
    return f"{pair[0].fingerprint}/{pair[1].fingerprint}"


def _ordinal(use: Input) -> int:
    return use.ordinal
