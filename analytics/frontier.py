"""The search for frontier differences: where two ancestries first differ, seen from upstream.

It starts at what differs directly between two sets of runs and goes up: an artifact that runs on
both sides generated is a cause only when nothing upstream of it differs; otherwise it is the path
to what does. An artifact whose makers differ in nothing but their replicate keys is no cause.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from analytics.ancestry import Ancestry
from analytics.facts import Input, RunFacts
from analytics.slots import (
    InputDifference,
    ParamDifference,
    input_differences,
    param_differences,
    replicates_differ,
    tag_differences,
)
from graph.model import NodeKind, node_id

MAX_DISTANCE = 64
"""Edges that the search follows upstream."""

Runs: TypeAlias = Sequence[RunFacts]


@dataclass(frozen=True, slots=True)
class Found:
    """A frontier difference and the way to it."""

    difference: ParamDifference | InputDifference
    distance: int
    path: tuple[str, ...]


def roots_of(baseline: Runs, candidate: Runs) -> tuple[str, ...]:
    """Graph node ids from which the ancestry must be known: what differs directly, and parents."""
    ids = {
        _artifact(use)
        for difference in input_differences(baseline, candidate)
        for side in difference.exclusive()
        for use in side
    }
    if _parents(baseline) != _parents(candidate):
        ids.update(_parents(baseline) | _parents(candidate))
    return tuple(sorted(ids))


def frontier(
    baseline: Runs, candidate: Runs, ancestry: Ancestry, replicate_keys: Collection[str]
) -> list[Found]:
    """Every frontier difference once, the nearest of equals, as training rather than evaluation."""
    search = _Search(ancestry, replicate_keys)
    for facts in (*_ordered(candidate), *_ordered(baseline)):
        search.paths.setdefault(_run(facts), (_run(facts),))
    unique: dict[object, Found] = {}
    for found in sorted(
        search.runs(_ordered(baseline), _ordered(candidate), 0),
        key=lambda found: (
            found.distance,
            found.difference.facet.startswith("EVAL"),
            _key(found.difference),
        ),
    ):
        unique.setdefault(_key(found.difference), found)
    return list(unique.values())


@dataclass(slots=True)
class _Search:
    ancestry: Ancestry
    replicate_keys: Collection[str]
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    known: dict[tuple[frozenset[str], frozenset[str]], list[Found]] = field(
        default_factory=dict[tuple[frozenset[str], frozenset[str]], list[Found]]
    )
    """By pair of run sets; a pair that is still being searched, in a cycle, adds nothing."""

    def runs(self, before: Runs, after: Runs, distance: int) -> list[Found]:
        """The frontier from two sets of runs that are held against each other."""
        pair = (frozenset(map(_run, before)), frozenset(map(_run, after)))
        if pair not in self.known and pair[0] != pair[1] and distance <= MAX_DISTANCE:
            self.known[pair] = []
            self.known[pair] = self._search(before, after, distance)
        return self.known.get(pair, [])

    def _search(self, before: Runs, after: Runs, distance: int) -> list[Found]:
        for facts in (*after, *before):
            for use in facts.inputs:
                self._extend(_run(facts), _artifact(use))
        inputs = input_differences(before, after)
        said = {difference.facet for difference in inputs}
        here = [
            *param_differences(before, after, self.replicate_keys),
            *tag_differences(before, after, said),
        ]
        path = self.paths[_run((after or before)[0])]
        found = [Found(difference, distance, path) for difference in here]
        for difference in inputs:
            found.extend(self._input(difference, distance + 1))
        found.extend(self._parents(before, after, distance + 1))
        return found

    def _input(self, difference: InputDifference, distance: int) -> list[Found]:
        only_before, only_after = difference.exclusive()
        makers = self._makers(only_before), self._makers(only_after)
        if makers[0] and makers[1]:
            upstream = self._aligned(makers[0], makers[1], distance + 1)
            if upstream:
                return upstream
            if replicates_differ(makers[0], makers[1], self.replicate_keys):
                return []
        end = (only_after or only_before or difference.after or difference.before)[0]
        return [Found(difference, distance, self.paths[_artifact(end)])]

    def _parents(self, before: Runs, after: Runs, distance: int) -> list[Found]:
        sides: list[list[RunFacts]] = []
        for side in (after, before):
            parents: dict[str, RunFacts] = {}
            for facts in side:
                for parent in map(_node_of_run, facts.parents):
                    if parent in self.ancestry.runs:
                        self._extend(_run(facts), parent)
                        parents[parent] = self.ancestry.runs[parent]
            sides.append([parents[node] for node in sorted(parents)])
        if not sides[0] or not sides[1]:
            return []
        return self._aligned(sides[1], sides[0], distance)

    def _makers(self, artifacts: Iterable[Input]) -> list[RunFacts]:
        """The runs that generated the artifacts; none when the maker of one is not known."""
        makers: dict[str, RunFacts] = {}
        for use in artifacts:
            known = [
                run
                for run in self.ancestry.generators.get(_artifact(use), ())
                if run in self.ancestry.runs
            ]
            if not known:
                return []
            for run in known:
                self._extend(_artifact(use), run)
                makers[run] = self.ancestry.runs[run]
        return [makers[run] for run in sorted(makers)]

    def _aligned(self, before: Runs, after: Runs, distance: int) -> list[Found]:
        """Runs of one job against each other; all together when the jobs of the sides differ."""
        jobs = [{self.ancestry.jobs[_run(facts)] for facts in side} for side in (before, after)]
        if jobs[0] != jobs[1]:
            return self.runs(before, after, distance)
        found: list[Found] = []
        for job in sorted(jobs[0]):
            sides = [
                [facts for facts in side if self.ancestry.jobs[_run(facts)] == job]
                for side in (before, after)
            ]
            found.extend(self.runs(sides[0], sides[1], distance))
        return found

    def _extend(self, start: str, end: str) -> None:
        self.paths.setdefault(end, (*self.paths[start], end))


def _key(difference: ParamDifference | InputDifference) -> tuple[object, ...]:
    """What makes two differences one: the same values, wherever and in whatever facet they show."""
    if isinstance(difference, InputDifference):
        sides = (difference.before, difference.after)
        return ("input", *(tuple(use.artifact_id for use in side) for side in sides))
    kind = "tag" if difference.tag else "param"
    return (kind, difference.name, difference.before, difference.after)


def _parents(side: Runs) -> set[str]:
    return {_node_of_run(parent) for facts in side for parent in facts.parents}


def _ordered(side: Runs) -> list[RunFacts]:
    return sorted(side, key=lambda facts: facts.run_id)


def _run(facts: RunFacts) -> str:
    return _node_of_run(facts.run_id)


def _node_of_run(run_id: str) -> str:
    return node_id(NodeKind.RUN, run_id)


def _artifact(use: Input) -> str:
    return node_id(NodeKind.ARTIFACT, use.artifact_id)
