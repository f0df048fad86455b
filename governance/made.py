"""What candidate runs made, who signed it, and which runs replayed them: for rules that ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analytics.facts import RunFacts
from domain.facet import Strength
from domain.run import RunStatus
from governance.artifact_signature import recorded_signatures
from governance.produced import Product, products
from governance.rule import ProvenanceRule, Requirement, Rule, leaves
from graph.model import EdgeType, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from graph.projector import ACTIVE

REPLAY_TAG: Final = "lineproof.replay_of"
"""The tag by which a run says that it did another run again; its value is that run's id."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A finished run that says it did another one again."""

    run_id: str
    same_inputs: bool
    """Whether it used the same versions and parameters."""
    products: tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """As of one position."""

    products: tuple[Product, ...] = ()
    """Of the candidate runs."""
    signers: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """SHA-256 to the names of those who signed it."""
    replays: Mapping[str, tuple[Replay, ...]] = field(default_factory=dict[str, tuple[Replay, ...]])
    """By the id of the run that was done again."""

    def of(self, run_id: str) -> list[Product]:
        """What one candidate run made."""
        return [product for product in self.products if product.run_id == run_id]


NOTHING_MADE: Final = Made()


def gather_made(
    rules: Sequence[Rule],
    candidate: Sequence[RunFacts],
    graph: GraphReader,
    project: str,
    *,
    as_of: int,
) -> Made:
    """Only as much as the rules ask for."""
    asked = {rule.requirement for rule in leaves(rules) if isinstance(rule, ProvenanceRule)}
    if not asked & {Requirement.SIGNED_BY, Requirement.REPLAY}:
        return NOTHING_MADE
    runs = [facts.run_id for facts in candidate]
    found = tuple(products(graph, runs, as_of=as_of))
    signers: dict[str, frozenset[str]] = {}
    if Requirement.SIGNED_BY in asked:
        signers = _signers(candidate, found, graph, project, as_of)
    replays: dict[str, tuple[Replay, ...]] = {}
    if Requirement.REPLAY in asked:
        replays = _replays(candidate, graph, project, as_of)
    return Made(found, signers, replays)


def _signers(
    candidate: Sequence[RunFacts],
    made: Sequence[Product],
    graph: GraphReader,
    project: str,
    as_of: int,
) -> dict[str, frozenset[str]]:
    digests = {product.digest for product in made}
    digests |= {
        use.digest for run in candidate for use in run.inputs if use.strength is Strength.CONTENT
    }
    found: dict[str, frozenset[str]] = {}
    for one in recorded_signatures(graph, project, digests=digests, as_of=as_of):
        if one.counts:
            found[one.digest] = found.get(one.digest, frozenset()) | set(one.signed_by)
    return found


def _replays(
    candidate: Sequence[RunFacts], graph: GraphReader, project: str, as_of: int
) -> dict[str, tuple[Replay, ...]]:
    runs = tuple(facts.run_id for facts in candidate)
    conditions = (
        Condition(f"tags.{REPLAY_TAG}", Operator.IN, runs),
        Condition("status", Operator.EQ, RunStatus.FINISHED.value),
        Condition("lifecycle", Operator.EQ, ACTIVE),
    )
    nodes = graph.find(NodeQuery(project, NodeKind.RUN, conditions), as_of=as_of)
    ids = [entity_id(node.id) for node in nodes]
    inputs = _inputs(graph, [*runs, *ids], as_of)
    made = products(graph, ids, as_of=as_of)
    found: dict[str, tuple[Replay, ...]] = {}
    for run_id, node in zip(ids, nodes, strict=True):
        original = str(node.attributes[f"tags.{REPLAY_TAG}"])
        replay = Replay(
            run_id,
            inputs.get(run_id) == inputs.get(original),
            tuple(product for product in made if product.run_id == run_id),
        )
        found[original] = (*found.get(original, ()), replay)
    return found


def _inputs(
    graph: GraphReader, run_ids: Sequence[str], as_of: int
) -> dict[str, tuple[object, ...]]:
    """Versions used, with their roles, and parameters, by run."""
    nodes = graph.nodes([node_id(NodeKind.RUN, run_id) for run_id in run_ids], as_of=as_of)
    used = graph.outgoing(nodes, types=[EdgeType.USED], as_of=as_of)
    return {
        entity_id(node.id): (
            tuple(sorted((edge.role, edge.target) for edge in used[node.id])),
            tuple(
                sorted(
                    (name, value)
                    for name, value in node.attributes.items()
                    if name.startswith("params.")
                )
            ),
        )
        for node in nodes.values()
    }
