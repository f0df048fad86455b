"""Which jobs stand upstream: stages that only one side went through, and what is one recipe."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.ancestry import Ancestry
from analytics.facts import Input, RunFacts
from graph.model import NodeKind, node_id


@dataclass(frozen=True, slots=True)
class Stages:
    """Runs between an artifact and another that it was made from."""

    path: tuple[str, ...]
    """Graph node ids from the artifact up: run, artifact, run, …, the other artifact."""
    jobs: tuple[str, ...]
    """The jobs of the runs, ordered."""
    source: Input
    """The other artifact, as the last of the runs used it."""


def recipe(job: str) -> str:
    """What stays the same of a job where it runs from another folder or namespace."""
    return job.rstrip("/").rpartition("/")[2]


def is_upstream_job(parent: RunFacts, children: Sequence[RunFacts]) -> bool:
    """Whether the parent executes a job of its own, and does not only hold its runs together."""
    return bool(parent.job) and recipe(parent.job) not in {recipe(each.job) for each in children}


def extra_stages(ancestry: Ancestry, used: Sequence[Input], made: Sequence[Input]) -> Stages | None:
    """The stages that lead from what ``used`` names to every one of ``made``; None without any.

    Only artifacts of other names count, since a new version of one name is a version and no stage;
    only runs whose jobs are known. The shortest way is taken, the first of equals.
    """
    names = {(use.kind, use.name) for use in used}
    if not names or not made or names & {(use.kind, use.name) for use in made}:
        return None
    found = [_way(ancestry, use, names) for use in made]
    ways = [way for way in found if way is not None]
    same = len({way.jobs for way in ways}) == 1 and len(ways) == len(found)
    return ways[0] if same else None


def _way(ancestry: Ancestry, made: Input, names: set[tuple[str, str]]) -> Stages | None:
    queue: list[tuple[tuple[str, ...], frozenset[str]]] = [((_artifact(made),), frozenset())]
    seen = {_artifact(made)}
    while queue:
        following: list[tuple[tuple[str, ...], frozenset[str]]] = []
        for path, jobs in queue:
            for run in ancestry.generators.get(path[-1], ()):
                facts = ancestry.runs.get(run)
                if facts is None or not facts.job:
                    continue
                passed = jobs | {facts.job}
                for use in facts.inputs:
                    node = _artifact(use)
                    if (use.kind, use.name) in names:
                        return Stages((*path, run, node), tuple(sorted(passed)), use)
                    if node not in seen:
                        seen.add(node)
                        following.append(((*path, run, node), passed))
        queue = following
    return None


def _artifact(use: Input) -> str:
    return node_id(NodeKind.ARTIFACT, use.artifact_id)
