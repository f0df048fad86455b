"""The provenance graph as data: node kinds, edge types, and the mutations that build it.

Edges point upstream, as in W3C PROV: a run USED an artifact; an artifact WAS_GENERATED_BY a run.
Every node, edge and attribute value holds from a ledger position (and until another), so a past
state is a filter: ``as_of`` N sees exactly what entries with seq < N said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

AttributeValue: TypeAlias = str | int


class NodeKind(StrEnum):
    """Labels of nodes."""

    APPROVERS = "APPROVERS"
    EXPERIMENT = "EXPERIMENT"
    RUN = "RUN"
    ARTIFACT = "ARTIFACT"
    FILE = "FILE"
    """A path at which a client stored a file."""
    LOGGED_MODEL = "LOGGED_MODEL"
    MODEL_VERSION = "MODEL_VERSION"
    REGISTERED_MODEL = "REGISTERED_MODEL"
    AGENT = "AGENT"
    JOB = "JOB"
    POLICY = "POLICY"
    VERDICT = "VERDICT"
    QUARANTINE = "QUARANTINE"
    SCHEDULE = "SCHEDULE"
    SIGNATURE = "SIGNATURE"
    """A signature over one artifact, by its SHA-256."""
    WAIVER = "WAIVER"


class EdgeType(StrEnum):
    """Types of edges; source and target as PROV points them."""

    USED = "USED"
    WAS_GENERATED_BY = "WAS_GENERATED_BY"
    WAS_DERIVED_FROM = "WAS_DERIVED_FROM"
    WAS_INFORMED_BY = "WAS_INFORMED_BY"
    WAS_ASSOCIATED_WITH = "WAS_ASSOCIATED_WITH"
    IN_EXPERIMENT = "IN_EXPERIMENT"
    EXECUTION_OF = "EXECUTION_OF"
    JUDGED = "JUDGED"
    """A verdict judged a run."""
    UNDER_POLICY = "UNDER_POLICY"
    """A verdict was reached under a policy version."""
    HOLDS = "HOLDS"
    """A quarantine holds its root."""


LINEAGE = (
    EdgeType.USED,
    EdgeType.WAS_GENERATED_BY,
    EdgeType.WAS_DERIVED_FROM,
    EdgeType.WAS_INFORMED_BY,
)
"""The edge types that carry provenance from cause to effect."""


@dataclass(frozen=True, slots=True)
class AddNode:
    """The node exists from this entry on; adding it again changes nothing."""

    id: str
    kind: NodeKind
    project: str


@dataclass(frozen=True, slots=True)
class SetAttribute:
    """The attribute has this value from this entry on; an equal value changes nothing."""

    node: str
    name: str
    value: AttributeValue


@dataclass(frozen=True, slots=True)
class UnsetAttribute:
    """The attribute has no value from this entry on."""

    node: str
    name: str


@dataclass(frozen=True, slots=True)
class AddEdge:
    """The edge exists from this entry on; (source, type, target, role) again changes nothing."""

    source: str
    type: EdgeType
    target: str
    role: str = ""
    facet: str = ""
    """``domain.facet.Facet`` name that this edge is part of; empty when none."""


Mutation: TypeAlias = AddNode | SetAttribute | UnsetAttribute | AddEdge


@dataclass(frozen=True, slots=True)
class Node:
    """A node as it stood at the asked position."""

    id: str
    kind: NodeKind
    project: str
    seq: int
    """The entry that made it."""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue])


class Edge(NamedTuple):
    """An edge as it stood at the asked position. Ordered by its fields, for stable answers."""

    source: str
    type: EdgeType
    target: str
    role: str
    facet: str
    seq: int


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One value of an attribute over ledger positions [seq, until); until None: still holds."""

    name: str
    value: AttributeValue
    seq: int
    until: int | None


def node_id(kind: NodeKind, entity_id: str) -> str:
    """The graph-wide id of an entity: ``run:<id>``, ``artifact:<id>``, …"""
    return f"{kind.lower()}:{entity_id}"


def entity_id(node: str) -> str:
    """The entity's own id, without the kind in front."""
    return node.partition(":")[2]
