"""The datasets that a run used, as MLflow's client described them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from domain.artifact import GIVEN_DIGEST, OWN_ATTRIBUTE, ArtifactKind
from graph.model import Edge, Node, entity_id

_ATTRIBUTES: Final = "attributes."


@dataclass(frozen=True, slots=True)
class UsedDataset:
    """A dataset that a run used."""

    name: str
    digest: str
    attributes: Mapping[str, str]
    """``source``, ``source_type``, and ``schema`` and ``profile`` where the client gave them."""
    tags: Mapping[str, str]


def used_datasets(
    run: Node, used: Sequence[Edge], artifacts: Mapping[str, Node]
) -> tuple[UsedDataset, ...]:
    """The datasets among what the run used: those that came with a source, as MLflow's do.

    ``run`` has at least the attributes ``input_tags`` of these edges, ``artifacts`` all of theirs.
    """
    return tuple(
        _dataset(run, edge, artifacts[edge.target])
        for edge in used
        if artifacts[edge.target].attributes.get("kind") == ArtifactKind.DATASET.value
        and "attributes.source" in artifacts[edge.target].attributes
    )


def input_tags(edge: Edge) -> str:
    """The attribute of the run that holds the tags of an input."""
    return f"input_tags.{entity_id(edge.target)}.{edge.role}"


def output_tags(run: Node, edge: Edge) -> Mapping[str, str]:
    """The tags of the link to something that the run made."""
    return _tags(run, f"output_tags.{entity_id(edge.source)}.{edge.role}")


def _tags(run: Node, attribute: str) -> Mapping[str, str]:
    tags: object = json.loads(str(run.attributes.get(attribute, "{}")))
    return cast("dict[str, str]", tags)


def _dataset(run: Node, edge: Edge, artifact: Node) -> UsedDataset:
    tags = _tags(run, input_tags(edge))
    own = {name for name in tags if name.startswith(OWN_ATTRIBUTE)}
    attributes = {
        name.removeprefix(_ATTRIBUTES): str(value)
        for name, value in sorted(artifact.attributes.items())
        if name.startswith(_ATTRIBUTES)
    }
    attributes |= {name.removeprefix(OWN_ATTRIBUTE): tags[name] for name in own}
    given = attributes.pop(GIVEN_DIGEST, "")
    return UsedDataset(
        name=str(artifact.attributes.get("name", "")),
        digest=given or str(artifact.attributes.get("digest", "")),
        attributes=attributes,
        tags={name: value for name, value in tags.items() if name not in own},
    )
