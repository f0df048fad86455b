"""What to run again when a root is bad: every run that descends from it, in schedule order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from governance.closure import Descent, shown_name
from governance.schedule import Schedule, Task, scheduled
from graph.model import EdgeType, NodeKind

_MADE: Final = (EdgeType.USED, EdgeType.WAS_GENERATED_BY, EdgeType.WAS_DERIVED_FROM)


@dataclass(frozen=True, slots=True)
class HealStep:
    """One run to run again."""

    run: str
    """Graph node id."""
    name: str
    replaces: tuple[str, ...]
    """Its inputs that are held: names of artifact versions, ordered."""


@dataclass(frozen=True, slots=True)
class HealPlan:
    """The steps in order, with the schedule that orders them."""

    schedule: Schedule
    steps: tuple[HealStep, ...]


def heal_plan(descent: Descent) -> HealPlan:
    """A pure function of the closure: the seed is its digest, needs follow the artifacts.

    A held run is not among what replaces its inputs; parents inform, but make nothing.
    """
    names = {node.id: shown_name(node) for node in descent.nodes}
    sources = _sources(descent)
    tasks = [Task(run, tuple(sorted(before))) for run, before in _before(descent).items()]
    schedule = scheduled(tasks, descent.closure()["closure_digest"])
    steps = [
        HealStep(
            run=task.id,
            name=names[task.id],
            replaces=tuple(sorted({names[each] for each in sources.get(task.id, ())})),
        )
        for task in schedule.tasks
    ]
    return HealPlan(schedule, tuple(steps))


def heal_stages(descent: Descent, jobs: Mapping[str, str]) -> Schedule:
    """The jobs whose runs descend from the root, in the order in which to do them again.

    ``jobs`` is run to job, both node ids; runs of no job are left out. A job is done again once,
    after all the jobs that made what it uses. Raises ``UsageError`` (LINEAGE_CYCLE) when two jobs
    used each other's results.
    """
    needs: dict[str, set[str]] = {}
    for run, before in _before(descent).items():
        if run in jobs:
            job = jobs[run]
            needs.setdefault(job, set()).update(jobs[each] for each in before if each in jobs)
            needs[job].discard(job)
    tasks = [Task(job, tuple(sorted(before))) for job, before in needs.items()]
    return scheduled(tasks, descent.closure()["closure_digest"])


def _before(descent: Descent) -> dict[str, set[str]]:
    """The nearest runs upstream of each run of the closure."""
    sources = _sources(descent)
    runs = sorted(node.id for node in descent.nodes if node.kind is NodeKind.RUN)
    return {run: _runs_before(run, sources, set(runs)) for run in runs}


def _sources(descent: Descent) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {}
    for edge in descent.edges:
        if edge.type in _MADE:
            sources.setdefault(edge.source, []).append(edge.target)
    return sources


def _runs_before(run: str, sources: dict[str, list[str]], runs: set[str]) -> set[str]:
    """The nearest runs upstream, through artifacts."""
    found: set[str] = set()
    seen = {run}
    frontier = list(sources.get(run, ()))
    while frontier:
        node = frontier.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in runs:
            found.add(node)
        else:
            frontier += sources.get(node, ())
    return found
