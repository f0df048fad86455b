"""Runs made of plain values, for tests of comparison."""

from collections.abc import Mapping

from analytics.facts import Input, RunFacts
from analytics.summaries import MetricSummary, summarise
from domain.facet import Facet, Strength


def summary(key: str, *values: float) -> MetricSummary:
    """The series ``values`` at steps 0, 1, …"""
    return summarise(key, [(step, 0, value) for step, value in enumerate(values)], 0)


def dataset(
    digest: str,
    *,
    role: str = "training",
    facet: Facet | None = Facet.TRAIN_DATA,
    name: str = "digits",
    kind: str = "DATASET",
    algorithm: str = "mlflow.numpy",
    strength: Strength = Strength.SAMPLED,
    ordinal: int = 1,
) -> Input:
    """An input; its artifact id follows from what it is."""
    identity = f"{kind}/{name}/{algorithm}/{digest}"
    return Input(role, facet, identity, kind, name, algorithm, digest, strength, ordinal)


def evaluation(digest: str, **changes: object) -> Input:
    """An evaluation data set."""
    return dataset(digest, role="evaluation", facet=Facet.EVAL_DATA, name="test", **changes)


def commit(revision: str, facet: Facet = Facet.TRAIN_CODE, role: str = "code") -> Input:
    """The repository at a commit."""
    return dataset(
        revision,
        role=role,
        facet=facet,
        name="repo",
        kind="CODE",
        algorithm="git.commit",
        strength=Strength.MANIFEST,
    )


def run(
    run_id: str = "r",
    *inputs: Input,
    metrics: Mapping[str, float] | None = None,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    status: str = "FINISHED",
    deleted: bool = False,
    seq: int = 0,
    parents: tuple[str, ...] = (),
) -> RunFacts:
    """A run with one value for each metric."""
    return RunFacts(
        run_id=run_id,
        project="default",
        name=run_id,
        status=status,
        deleted=deleted,
        seq=seq,
        params=params or {},
        tags=tags or {},
        inputs=tuple(sorted(inputs, key=lambda i: (i.role, i.kind, i.name, i.artifact_id))),
        parents=parents,
        metrics={key: summary(key, value) for key, value in (metrics or {}).items()},
    )


def runs(metric: str, values: list[float], prefix: str = "r") -> list[RunFacts]:
    """One run for each value."""
    return [
        run(f"{prefix}{index:03d}", metrics={metric: value}) for index, value in enumerate(values)
    ]
