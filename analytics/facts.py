"""What is known of a run, gathered for comparison: one plain value, the same from every store."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from analytics.dataset_splits import dataset_summaries
from analytics.examples import ExampleResults
from analytics.summaries import MetricSummary
from analytics.version_numbers import artifact_ordinals
from domain.artifact import UNVERSIONED
from domain.errors import NotFoundError
from domain.facet import Facet, Strength
from domain.metric import MetricPoint, parse_decimal
from graph.model import Edge, EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import GraphReader

if TYPE_CHECKING:
    # They need Polars, which few readers of this do.
    from analytics.last_values import LastValues
    from analytics.metric_rows import PointRow

GIT_COMMIT = "git.commit"
"""Algorithm of an input that is the repository at a commit, whatever name it goes by."""
CONTENTS = ("packages", "manifest", "schema", "profile", "rows", "files", "bytes")
"""Attributes of an artifact that say what is in it: ``analytics.version_changes`` reads them."""
_OF_ARTIFACTS = (
    "kind",
    "name",
    "algorithm",
    "digest",
    "strength",
    *(f"attributes.{name}" for name in CONTENTS),
)


@dataclass(frozen=True, slots=True)
class Input:
    """One artifact version that a run used, in its role."""

    role: str
    facet: Facet | None
    artifact_id: str
    """Without the kind in front: ``node_id(NodeKind.ARTIFACT, artifact_id)`` is its node."""
    kind: str
    name: str
    algorithm: str
    digest: str
    strength: Strength
    ordinal: int
    """1 for the first version recorded under this kind and name in the project, then 2, …

    0 when it was not counted (``version_numbers.MAX_VERSIONS``).
    """
    about: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """What the client said of the version beyond its identity, as far as ``CONTENTS`` names it."""

    @property
    def identity(self) -> str:
        """What two inputs share when they are the same: a digest, or the name with its version."""
        if self.strength >= Strength.SAMPLED or self.algorithm == GIT_COMMIT:
            return f"{self.algorithm}:{self.digest}"
        return f"{self.name}@{self.digest}"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as it stood at the asked position."""

    run_id: str
    project: str
    name: str
    status: str
    deleted: bool
    seq: int
    """The run's first leaf."""
    params: Mapping[str, str]
    tags: Mapping[str, str]
    inputs: tuple[Input, ...]
    """By (role, kind, name, artifact_id)."""
    parents: tuple[str, ...]
    """Run ids that informed this one, ordered."""
    metrics: Mapping[str, MetricSummary]
    """By metric key as it was logged."""
    measured: Mapping[str, MetricSummary] = field(default_factory=dict[str, MetricSummary])
    """What was logged on a dataset, by its split and key (``analytics.dataset_splits``)."""
    at_steps: Mapping[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])
    """The value of (metric key, step), for the AT_STEP reducers that were asked for."""
    job: str = ""
    """The recipe that it executes; empty when none was recorded."""
    examples: Callable[[], ExampleResults] | None = field(default=None, compare=False)
    """Reads its results example by example; None when it logged none."""


class SummaryReader(Protocol):
    """Where metric values come from; ``analytics.tables.MetricTables`` is one."""

    def summaries(
        self,
        run_ids: Collection[str],
        *,
        keys: Collection[str] | None = None,
        as_of: int | None = None,
    ) -> Mapping[str, Mapping[str, MetricSummary]]:
        """Run id to metric key to summary; a run without metrics may be absent."""
        ...

    def points(self, run_id: str, key: str, *, as_of: int | None = None) -> Sequence[MetricPoint]:
        """One series in (step, timestamp, value) order."""
        ...

    def dataset_points(
        self, run_ids: Collection[str], *, as_of: int | None = None
    ) -> Mapping[str, Sequence["PointRow"]]:
        """The points that were logged on a dataset, by run; a run without any is absent."""
        ...

    def examples(self, digest: str, suffix: str) -> ExampleResults:
        """The results example by example that a file of this digest holds."""
        ...

    def last_values(self, key: str, *, as_of: int | None = None) -> "LastValues":
        """The last value of one metric in every run, in order."""
        ...


def gather_facts(
    graph: GraphReader,
    metrics: SummaryReader,
    run_ids: Iterable[str],
    *,
    as_of: int | None,
    steps: Collection[tuple[str, int]] = (),
) -> list[RunFacts]:
    """The facts of each run once, in the order asked, by a constant number of graph calls.

    ``steps`` lists the (metric key, step) that AT_STEP reducers read, at one series each. Raises
    ``NotFoundError`` for run ids that do not exist at ``as_of``; its context lists them.
    """
    asked = list(dict.fromkeys(run_ids))
    ids = {run_id: node_id(NodeKind.RUN, run_id) for run_id in asked}
    nodes = graph.nodes(tuple(ids.values()), as_of=as_of)
    missing = [run_id for run_id, node in ids.items() if node not in nodes]
    if missing:
        raise NotFoundError(
            f"There is no run {missing[0][:60]!r} (and {len(missing) - 1} more unknown).",
            hint="Check the ids and the project.",
            context={"run_ids": missing},
        )
    edges = graph.outgoing(
        tuple(ids.values()),
        types=(EdgeType.USED, EdgeType.WAS_INFORMED_BY, EdgeType.EXECUTION_OF),
        as_of=as_of,
    )
    used = {edge.target for group in edges.values() for edge in group if edge.type is EdgeType.USED}
    artifacts = graph.nodes(sorted(used), names=_OF_ARTIFACTS, as_of=as_of)
    ordinals = artifact_ordinals(graph, artifacts.values(), as_of=as_of)
    summaries = metrics.summaries(asked, as_of=as_of)
    measured = metrics.dataset_points(asked, as_of=as_of)
    found: list[RunFacts] = []
    for run_id, node in ids.items():
        facts = run_facts(
            nodes[node],
            edges[node],
            artifacts,
            ordinals=ordinals,
            metrics=summaries.get(run_id, {}),
            at_steps=_at_steps(metrics, run_id, steps, as_of),
        )
        if run_id in measured:
            splits = dataset_summaries(measured[run_id], facts.inputs)
            facts = replace(facts, measured=splits)
        found.append(_with_examples(facts, nodes[node], metrics))
    return found


def _with_examples(facts: RunFacts, node: Node, metrics: SummaryReader) -> RunFacts:
    digest, _, suffix = _text(node, "examples").rpartition(".")
    if not digest:
        return facts
    return replace(facts, examples=partial(metrics.examples, digest, f".{suffix}"))


def run_facts(
    node: Node,
    edges: Iterable[Edge],
    artifacts: Mapping[str, Node],
    *,
    ordinals: Mapping[str, int],
    metrics: Mapping[str, MetricSummary],
    at_steps: Mapping[tuple[str, int], float],
) -> RunFacts:
    """The facts of one run from its node and its outgoing edges."""
    inputs: list[Input] = []
    parents: list[str] = []
    jobs: list[str] = []
    for edge in edges:
        if edge.type is EdgeType.WAS_INFORMED_BY:
            parents.append(entity_id(edge.target))
        elif edge.type is EdgeType.EXECUTION_OF:
            jobs.append(entity_id(edge.target).removeprefix(f"{node.project}/"))
        elif edge.type is EdgeType.USED and edge.target in artifacts:
            ordinal = ordinals.get(edge.target, 0)
            inputs.append(input_of(artifacts[edge.target], edge.role, edge.facet, ordinal))
    known = {_slot(use) for use in inputs if use.algorithm != UNVERSIONED}
    inputs = [use for use in inputs if use.algorithm != UNVERSIONED or _slot(use) not in known]
    return RunFacts(
        run_id=entity_id(node.id),
        project=node.project,
        name=_text(node, "name"),
        status=_text(node, "status"),
        deleted=_text(node, "lifecycle") == "deleted",
        seq=node.seq,
        params=_family(node, "params."),
        tags=_family(node, "tags."),
        inputs=tuple(
            sorted(inputs, key=lambda use: (use.role, use.kind, use.name, use.artifact_id))
        ),
        parents=tuple(sorted(parents)),
        metrics=metrics,
        at_steps=at_steps,
        job=min(jobs, default=""),
    )


def _slot(use: Input) -> tuple[str, str, str]:
    """A version that became known later stands beside the unknown one, in the same slot."""
    return (use.role, use.kind, use.name)


def input_of(artifact: Node, role: str, facet: str, ordinal: int = 0) -> Input:
    """The artifact version in a role; ``facet`` is empty when the use is part of none."""
    return Input(
        role=role,
        facet=Facet(facet) if facet else None,
        artifact_id=entity_id(artifact.id),
        kind=_text(artifact, "kind"),
        name=_text(artifact, "name"),
        algorithm=_text(artifact, "algorithm"),
        digest=_text(artifact, "digest"),
        strength=Strength[_text(artifact, "strength") or "UNKNOWN"],
        ordinal=ordinal,
        about={
            name: _text(artifact, f"attributes.{name}")
            for name in CONTENTS
            if f"attributes.{name}" in artifact.attributes
        },
    )


def _at_steps(
    metrics: SummaryReader, run_id: str, steps: Collection[tuple[str, int]], as_of: int | None
) -> dict[tuple[str, int], float]:
    found: dict[tuple[str, int], float] = {}
    for key, step in sorted(steps):
        for point in metrics.points(run_id, key, as_of=as_of):
            if point["step"] == step:
                found[key, step] = parse_decimal(point["value"])
    return found


def _family(node: Node, prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(prefix): str(value)
        for name, value in sorted(node.attributes.items())
        if name.startswith(prefix)
    }


def _text(node: Node, name: str) -> str:
    return str(node.attributes.get(name, ""))
