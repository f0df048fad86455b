"""The search for frontier differences: where two ancestries first differ, seen from upstream.

It starts at what differs directly between two sets of runs and goes up: an artifact that runs on
both sides generated is a cause only when nothing upstream of it differs; otherwise it is the path
to what does. An artifact whose makers differ in nothing but their replicate keys is no cause.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from analytics.ancestry import Ancestry
from analytics.facts import Input, RunFacts
from analytics.slots import (
    Difference,
    InputDifference,
    WorkflowDifference,
    environments_as_one,
    input_differences,
    param_differences,
    replicates_differ,
    source_differences,
    tag_differences,
)
from analytics.workflow import extra_stages, is_upstream_job, recipe
from domain.facet import Facet
from graph.model import NodeKind, node_id

MAX_DISTANCE = 64
"""Edges that the search follows upstream."""

Runs: TypeAlias = Sequence[RunFacts]


class Reach(IntEnum):
    """How far a search goes. One that a verdict was ever recorded with stays as it is for ever."""

    RUNS = 1
    """Parameters and inputs of runs, and of the runs that made those inputs."""
    WORKFLOW = 2
    """Also what an artifact was derived from without a run, and which jobs stand upstream; files
    that describe an environment are one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A frontier difference and the way to it."""

    difference: Difference
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
    baseline: Runs,
    candidate: Runs,
    ancestry: Ancestry,
    replicate_keys: Collection[str],
    reach: Reach,
) -> list[Found]:
    """Every frontier difference once, the nearest of equals, as training rather than evaluation."""
    search = _Search(ancestry, replicate_keys, reach)
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
    reach: Reach
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    known: dict[tuple[frozenset[str], frozenset[str]], list[Found]] = field(
        default_factory=dict[tuple[frozenset[str], frozenset[str]], list[Found]]
    )
    """By pair of run sets; a pair that is still being searched, in a cycle, adds nothing."""
    derived: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Found]] = field(
        default_factory=dict[tuple[tuple[str, ...], tuple[str, ...]], list[Found]]
    )
    """By pair of artifact sets that others were derived from; in a cycle as ``known``."""

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
        if self.reach >= Reach.WORKFLOW:
            inputs = environments_as_one(inputs)
        said = {difference.facet for difference in inputs}
        here: list[Difference] = [
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
        if self.reach >= Reach.WORKFLOW:
            passed = self._stages(only_before, only_after, distance)
            if passed:
                return passed
        makers = self._makers(only_before), self._makers(only_after)
        if makers[0] and makers[1]:
            upstream = self._aligned(makers[0], makers[1], distance + 1)
            if self.reach >= Reach.WORKFLOW and all(facts.job for side in makers for facts in side):
                upstream += self._other_jobs(makers[0], makers[1], distance + 1)
            if upstream:
                return upstream
            if replicates_differ(makers[0], makers[1], self.replicate_keys):
                return []
        if self.reach >= Reach.WORKFLOW:
            upstream = self._sources(difference, makers, distance)
            if upstream:
                return upstream
        end = (only_after or only_before or difference.after or difference.before)[0]
        return [Found(difference, distance, self.paths[_artifact(end)])]

    def _stages(
        self, before: Sequence[Input], after: Sequence[Input], distance: int
    ) -> list[Found]:
        """Stages through which one side's artifact came from what the other side used as it is."""
        found: list[Found] = []
        for used, made, added in ((before, after, True), (after, before, False)):
            stages = extra_stages(self.ancestry, used, made)
            if stages is None:
                continue
            for start, end in zip(stages.path, stages.path[1:], strict=False):
                self._extend(start, end)
            jobs = stages.jobs
            difference = WorkflowDifference(() if added else jobs, jobs if added else ())
            found.append(Found(difference, distance + 1, self.paths[stages.path[1]]))
            source = (stages.source,)
            first, second = (used, source) if added else (source, used)
            for each in source_differences(first, second, Facet.TRAIN_DATA):
                found.extend(self._input(each, distance + len(stages.path) - 1))
            break
        return found

    def _sources(
        self, difference: InputDifference, makers: tuple[Runs, Runs], distance: int
    ) -> list[Found]:
        """What the artifacts were derived from, where no run says so or its run does not."""
        apart = bool(makers[0] and makers[1])
        sides: list[list[Input]] = []
        for artifacts, runs in zip(difference.exclusive(), makers, strict=True):
            known = {use.artifact_id: use for facts in runs for use in facts.inputs}
            sources = {} if apart else dict(known)
            for facts in runs:
                for use in facts.inputs:
                    self._extend(_run(facts), _artifact(use))
            for use in artifacts:
                for source in self.ancestry.sources.get(_artifact(use), ()):
                    if source.artifact_id not in known:
                        self._extend(_artifact(use), _artifact(source))
                        sources[source.artifact_id] = source
            sides.append([sources[each] for each in sorted(sources)])
        pair = (
            tuple(use.artifact_id for use in sides[0]),
            tuple(use.artifact_id for use in sides[1]),
        )
        if sides[0] and sides[1] and pair not in self.derived and distance <= MAX_DISTANCE:
            self.derived[pair] = []
            for each in source_differences(sides[0], sides[1], difference.facet):
                self.derived[pair] = [*self.derived[pair], *self._input(each, distance + 1)]
        return self.derived.get(pair, [])

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
        if self.reach >= Reach.WORKFLOW:
            return self._parent_jobs(sides[1], sides[0], (*before, *after), distance)
        if not sides[0] or not sides[1]:
            return []
        return self._aligned(sides[1], sides[0], distance)

    def _parent_jobs(self, before: Runs, after: Runs, children: Runs, distance: int) -> list[Found]:
        """Parents by job; a job of its own that informed only one side is a difference itself."""
        found = self._aligned(before, after, distance)
        apart = [
            [facts for facts in side if is_upstream_job(facts, children)]
            for side in (before, after)
        ]
        return [*self._other_jobs(apart[0], apart[1], distance), *found]

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
        """Runs of one job against each other; those of other jobs together."""
        jobs = [{self._job(facts) for facts in side} for side in (before, after)]
        if jobs[0] != jobs[1] and self.reach < Reach.WORKFLOW:
            return self.runs(before, after, distance)
        shared = jobs[0] & jobs[1]
        found: list[Found] = []
        for wanted in (*({job} for job in sorted(shared)), (jobs[0] | jobs[1]) - shared):
            sides = [
                [facts for facts in side if self._job(facts) in wanted] for side in (before, after)
            ]
            if sides[0] and sides[1]:
                found.extend(self.runs(sides[0], sides[1], distance))
        return found

    def _job(self, facts: RunFacts) -> str:
        job = self.ancestry.jobs[_run(facts)]
        return job if self.reach < Reach.WORKFLOW else recipe(job)

    def _other_jobs(self, before: Runs, after: Runs, distance: int) -> list[Found]:
        """The jobs that only one of the sides has."""
        sides = [{recipe(facts.job): facts for facts in reversed(side)} for side in (before, after)]
        only = [
            [side[job] for job in sorted(side) if job not in other]
            for side, other in (sides, sides[::-1])
        ]
        if not (only[0] or only[1]):
            return []
        names = [tuple(facts.job for facts in side) for side in only]
        end = (only[1] or only[0])[0]
        difference = WorkflowDifference(names[0], names[1])
        return [Found(difference, distance, self.paths[_run(end)])]

    def _extend(self, start: str, end: str) -> None:
        self.paths.setdefault(end, (*self.paths[start], end))


def _key(difference: Difference) -> tuple[object, ...]:
    """What makes two differences one: the same values, wherever and in whatever facet they show."""
    if isinstance(difference, WorkflowDifference):
        return ("workflow", difference.before, difference.after)
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
