"""What the delta index keeps of a run, folded from the graph mutations of the entries about it.

Pure, and the same for every graph store: it reads what ``graph.projector`` says, not what a store
made of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from analytics.facts import Input, RunFacts
from domain.facet import FACET_TAG_PREFIX, Facet, Strength
from domain.run import RunStatus
from graph.model import AddEdge, EdgeType, Mutation, SetAttribute, UnsetAttribute, entity_id
from graph.projector import ACTIVE

_PARAM = "params."
_TAG = f"tags.{FACET_TAG_PREFIX}"


@dataclass(slots=True)
class RunState:
    """A run as far as its group depends on it."""

    project: str
    seq: int
    """Its first leaf."""
    status: str = ""
    lifecycle: str = ACTIVE
    params: dict[str, str] = field(default_factory=dict[str, str])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    """Facet tags alone."""
    uses: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """(role, facet, artifact node id), each pair of role and artifact once."""

    @property
    def counted(self) -> bool:
        """Whether the run stands in a group: finished, and not deleted."""
        return self.status == RunStatus.FINISHED and self.lifecycle == ACTIVE

    def take(self, mutation: Mutation) -> bool:
        """Fold one mutation about the run; whether that may move it to another group."""
        if isinstance(mutation, AddEdge):
            return self._use(mutation)
        if isinstance(mutation, SetAttribute):
            return self._set(mutation.name, str(mutation.value))
        if isinstance(mutation, UnsetAttribute) and mutation.name.startswith(_TAG):
            return self.tags.pop(mutation.name.removeprefix("tags."), None) is not None
        return False

    def _use(self, edge: AddEdge) -> bool:
        known = {(role, artifact) for role, _, artifact in self.uses}
        if edge.type is not EdgeType.USED or (edge.role, edge.target) in known:
            return False
        self.uses.append((edge.role, edge.facet, edge.target))
        return True

    def _set(self, name: str, value: str) -> bool:
        if name == "status":
            changed, self.status = self.status != value, value
            return changed
        if name == "lifecycle":
            changed, self.lifecycle = self.lifecycle != value, value
            return changed
        if name.startswith(_PARAM):
            self.params[name.removeprefix(_PARAM)] = value
            return True
        if name.startswith(_TAG):
            self.tags[name.removeprefix("tags.")] = value
            return True
        return False

    def facts(self, run_id: str, artifacts: Mapping[str, "ArtifactState"]) -> RunFacts:
        """The run as comparison reads it, without its metrics."""
        inputs = [_input(role, facet, node, artifacts[node]) for role, facet, node in self.uses]
        return RunFacts(
            run_id=run_id,
            project=self.project,
            name="",
            status=self.status,
            deleted=self.lifecycle != ACTIVE,
            seq=self.seq,
            params=self.params,
            tags=self.tags,
            inputs=tuple(inputs),
            parents=(),
            metrics={},
        )

    def text(self) -> str:
        """The state as JSON that ``state_of`` reads back."""
        return json.dumps(
            [
                self.project,
                self.seq,
                self.status,
                self.lifecycle,
                self.params,
                self.tags,
                self.uses,
            ]
        )


@dataclass(frozen=True, slots=True)
class ArtifactState:
    """What identifies an artifact version."""

    kind: str = ""
    name: str = ""
    algorithm: str = ""
    digest: str = ""
    strength: str = Strength.UNKNOWN.name


def state_of(text: str) -> RunState:
    """The state that ``RunState.text`` wrote."""
    project, seq, status, lifecycle, params, tags, uses = json.loads(text)
    return RunState(project, seq, status, lifecycle, params, tags, [tuple(use) for use in uses])


def _input(role: str, facet: str, node: str, artifact: ArtifactState) -> Input:
    return Input(
        role=role,
        facet=Facet(facet) if facet else None,
        artifact_id=entity_id(node),
        kind=artifact.kind,
        name=artifact.name,
        algorithm=artifact.algorithm,
        digest=artifact.digest,
        strength=Strength[artifact.strength],
        ordinal=0,
    )
