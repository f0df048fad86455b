"""Which version of a dataset an event speaks of.

A dataset that says its own version (facet ``version``, tag ``lineproof.digest``) is that one. Else
each run that writes a dataset makes a version of its own, and a run reads that of the last writer
which had begun when it did itself, by the times of their events, in whatever order these come. So
a chain of jobs over one table is no cycle. ``late_writers`` is about those that are heard of later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

from domain.artifact import UNVERSIONED, ArtifactKind, ArtifactRef
from domain.facet import Strength
from domain.run import RunStatus
from graph.model import EdgeType, Node, NodeKind, entity_id, node_id
from graph.overlay import GraphState
from graph.port import Condition, NodeQuery, Operator
from ingest.facets import identity
from ingest.openlineage.event import Dataset, facet_objects, facet_text, json_text

DIGEST_TAG: Final = "lineproof.digest"
"""Dataset tag that states a content hash, ``sha256:<hex>``."""
BY_RUN: Final = "openlineage.run"
"""Algorithm of a version that is known only by the run that wrote it."""

_COUNTS: Final = {"rows": ("rowCount",), "files": ("fileCount",), "bytes": ("bytes", "size")}
_LOOK_BACK = 20
"""Versions that are looked at for one that a run has written successfully."""
FAILED: Final = (RunStatus.FAILED.value, RunStatus.KILLED.value)
"""States of runs whose outputs nobody reads."""


class _Described(TypedDict):
    """What is said of a dataset besides its identity."""

    uri: str
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded already: the graph, the event's project and its run."""

    graph: GraphState
    project: str
    run_id: str
    began: int
    """Time of the run's earliest event, this one counted; milliseconds since the epoch."""


def written(dataset: Dataset, run_id: str) -> ArtifactRef:
    """The version that ``run_id`` writes."""
    own = _own_version(dataset)
    return own or _ref(dataset, run_id, BY_RUN, Strength.NAMED)


def read(known: Known, datasets: Sequence[Dataset]) -> list[ArtifactRef]:
    """The version of each dataset that the run reads."""
    unnamed = [dataset for dataset in datasets if _own_version(dataset) is None]
    used = _already_used(known) if unnamed and known.run_id else {}
    missing = [dataset for dataset in unnamed if dataset.full_name not in used]
    latest = _latest(known, missing)
    refs: list[ArtifactRef] = []
    for dataset in datasets:
        own = _own_version(dataset)
        node = used.get(dataset.full_name) or latest.get(dataset.full_name)
        if own is not None:
            refs.append(own)
        elif node is not None:
            refs.append(_as_recorded(dataset, node))
        else:
            refs.append(unversioned(dataset))
    return refs


def unversioned(dataset: Dataset) -> ArtifactRef:
    """The dataset as it was before any run was seen to write it."""
    return _ref(dataset, "", UNVERSIONED, Strength.UNKNOWN)


def written_by_others(known: Known, dataset: Dataset) -> bool:
    """Whether a version is known that the event's own run did not write, and no failed run."""
    return bool(_latest(known, [dataset]))


def used_before(known: Known) -> list[str]:
    """Artifact ids of the datasets that earlier events of the run said it read."""
    nodes = _already_used(known).values()
    kinds = (ArtifactKind.DATASET.value, ArtifactKind.MODEL.value)
    return sorted(entity_id(node.id) for node in nodes if node.attributes.get("kind") in kinds)


def _own_version(dataset: Dataset) -> ArtifactRef | None:
    for tag in facet_objects(dataset.facets, "tags", "tags"):
        if tag.get("key") == DIGEST_TAG and tag.get("value"):
            ref = identity(_kind(dataset), dataset.full_name, str(tag["value"]))
            return {**ref, **_described(dataset)}
    version = facet_text(dataset.facets, "version", "datasetVersion")
    return _ref(dataset, version, "version", Strength.NAMED) if version else None


def _ref(dataset: Dataset, digest: str, algorithm: str, strength: Strength) -> ArtifactRef:
    return ArtifactRef(
        kind=_kind(dataset).value,
        name=dataset.full_name,
        digest=digest,
        algorithm=algorithm,
        strength=strength.name,
        **_described(dataset),
    )


def _described(dataset: Dataset) -> _Described:
    facets = {f"facets.{name}": json_text(facet) for name, facet in dataset.facets.items()}
    attributes = {"namespace": dataset.namespace, "name": dataset.name, **facets}
    fields = dataset.facets.get("schema", {}).get("fields")
    if fields is not None:
        attributes["schema"] = json_text(fields)
    attributes |= _counted(dataset)
    uri = facet_text(dataset.facets, "dataSource", "uri")
    return {"uri": uri or dataset.full_name, "attributes": attributes}


def _counted(dataset: Dataset) -> dict[str, str]:
    """Rows, files and bytes of the whole dataset, as its writer or a check of it counted them."""
    found: dict[str, str] = {}
    for facet in ("dataQualityMetrics", "outputStatistics"):
        counts = dataset.own_facets.get(facet, {})
        for name, keys in _COUNTS.items():
            for value in (counts.get(key) for key in keys):
                if isinstance(value, int) and not isinstance(value, bool):
                    found[name] = str(value)
    return found


def _kind(dataset: Dataset) -> ArtifactKind:
    stated = facet_text(dataset.facets, "datasetType", "datasetType").upper()
    return ArtifactKind.MODEL if stated == "MODEL" else ArtifactKind.DATASET


def _already_used(known: Known) -> dict[str, Node]:
    """Versions that the run read in an earlier event, by name."""
    run = node_id(NodeKind.RUN, known.run_id)
    edges = known.graph.outgoing([run], types=(EdgeType.USED,))[run]
    nodes = known.graph.nodes([edge.target for edge in edges])
    known_last = sorted(nodes.values(), key=lambda n: n.attributes.get("algorithm") != UNVERSIONED)
    return {str(node.attributes.get("name")): node for node in known_last}


def _latest(known: Known, datasets: Iterable[Dataset]) -> dict[str, Node]:
    """The version of each dataset that was the last when the run began, by its writer's beginning.

    Not one of the run itself, nor of a run that failed. One of no known writer counts as the last
    when it was heard of last.
    """
    candidates: dict[str, Sequence[Node]] = {}
    for dataset in datasets:
        conditions = (
            Condition("name", Operator.EQ, dataset.full_name),
            Condition("algorithm", Operator.NE, UNVERSIONED),
        )
        query = NodeQuery(
            known.project, NodeKind.ARTIFACT, conditions, descending=True, limit=_LOOK_BACK
        )
        candidates[dataset.full_name] = known.graph.find(query)
    writers = _writers(known, [node.id for nodes in candidates.values() for node in nodes])
    latest: dict[str, Node] = {}
    for name, nodes in candidates.items():
        fit = [node for node in nodes if _is_readable(known, writers.get(node.id, ()))]
        if fit and not writers.get(fit[0].id):
            latest[name] = fit[0]
        elif fit:
            # The first of equals is the one that was heard of last.
            latest[name] = max(fit, key=lambda node: _written(known, writers.get(node.id, ())))
    return latest


def began(run: Node) -> int:
    """When a run began, milliseconds since the epoch; -1 when that was not recorded."""
    started = run.attributes.get("start_time")
    return started if isinstance(started, int) else -1


def _writers(known: Known, artifacts: Sequence[str]) -> Mapping[str, Sequence[Node]]:
    if not artifacts:
        return {}
    edges = known.graph.outgoing(artifacts, types=(EdgeType.WAS_GENERATED_BY,))
    runs = known.graph.nodes({edge.target for group in edges.values() for edge in group})
    return {
        artifact: [runs[edge.target] for edge in group if edge.target in runs]
        for artifact, group in edges.items()
    }


def _is_readable(known: Known, writers: Sequence[Node]) -> bool:
    return not writers or bool(_sound(known, writers))


def _written(known: Known, writers: Sequence[Node]) -> int:
    return max((began(run) for run in _sound(known, writers)), default=-1)


def _sound(known: Known, writers: Sequence[Node]) -> list[Node]:
    """Those whose output the run can have read."""
    own = node_id(NodeKind.RUN, known.run_id)
    return [
        run
        for run in writers
        if run.id != own
        and began(run) <= known.began
        and run.attributes.get("status") not in FAILED
    ]


def _as_recorded(dataset: Dataset, node: Node) -> ArtifactRef:
    ref = _ref(dataset, "", "", Strength.UNKNOWN)
    ref["kind"] = str(node.attributes["kind"])
    ref["digest"] = str(node.attributes["digest"])
    ref["algorithm"] = str(node.attributes["algorithm"])
    ref["strength"] = str(node.attributes["strength"])
    return ref
