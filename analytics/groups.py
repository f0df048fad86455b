"""Facets of a run as digests, and the run groups that follow from them.

A run group is made by the facets, never by tags that name a group: runs of one project whose facets
are equal but for the replicate keys and the hardware.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from analytics.facts import Input, RunFacts
from domain.canonical import canonical_digest
from domain.facet import FACET_TAG_PREFIX, Facet, Strength
from domain.ids import derived_id
from graph.model import NodeKind, node_id

_CONTENT = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})", re.ASCII)
TAG_ROLE = "facet."
"""Roles of inputs that repeat what a facet tag states, or once stated; the tag itself decides."""
_NOT_GROUPED = (Facet.HARDWARE, Facet.SEED)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One facet of one run."""

    digest: str
    """``sha256:<hex>``; equal exactly when everything recorded of the facet is equal."""
    strength: Strength
    nodes: tuple[str, ...]
    """Graph node ids that it came from, ordered."""


def facet_tag(facts: RunFacts, facet: Facet) -> tuple[str, Strength] | None:
    """What a tag ``lineproof.facet.<name>`` states of a facet: CONTENT for a SHA-256, or NAMED."""
    value = facts.tags.get(FACET_TAG_PREFIX + facet.lower(), "")
    content = _CONTENT.fullmatch(value)
    if content:
        return f"sha256:{content.group(1).lower()}", Strength.CONTENT
    return (value, Strength.NAMED) if value else None


def facet_inputs(facts: RunFacts, facet: Facet) -> tuple[Input, ...]:
    """The inputs that a facet is made of, but for those that repeat its tag."""
    return tuple(
        use for use in facts.inputs if use.facet is facet and not use.role.startswith(TAG_ROLE)
    )


def facet_digests(facts: RunFacts, replicate_keys: Collection[str]) -> Mapping[Facet, FacetValue]:
    """Every facet that the run recorded; the parameters always, be they none."""
    node = node_id(NodeKind.RUN, facts.run_id)
    replicates = {key: value for key, value in facts.params.items() if key in replicate_keys}
    others = {key: value for key, value in facts.params.items() if key not in replicate_keys}
    found: dict[Facet, FacetValue] = {}
    for facet in Facet:
        params = others if facet is Facet.PARAMS else replicates if facet is Facet.SEED else {}
        value = _facet_value(facts, facet, params, node)
        if value is not None:
            found[facet] = value
    return found


def fingerprint(facts: RunFacts, replicate_keys: Collection[str]) -> str:
    """The id of the run's group: equal facets but for the replicate keys and the hardware."""
    digests = facet_digests(facts, replicate_keys)
    return derived_id(
        "group",
        facts.project,
        [
            [facet.value, digests[facet].digest]
            for facet in sorted(digests)
            if facet not in _NOT_GROUPED
        ],
    )


def group_runs(
    runs: Iterable[RunFacts], replicate_keys: Collection[str]
) -> Mapping[str, tuple[RunFacts, ...]]:
    """Runs by fingerprint; groups by their first run, runs by (first leaf, id)."""
    groups: dict[str, list[RunFacts]] = {}
    for facts in sorted(runs, key=lambda facts: (facts.seq, facts.run_id)):
        groups.setdefault(fingerprint(facts, replicate_keys), []).append(facts)
    return {key: tuple(members) for key, members in groups.items()}


def _facet_value(
    facts: RunFacts, facet: Facet, params: Mapping[str, str], node: str
) -> FacetValue | None:
    tag, inputs = facet_tag(facts, facet), facet_inputs(facts, facet)
    strengths = [tag[1]] if tag else []
    if inputs:
        strengths.append(min(use.strength for use in inputs))
    if params or facet is Facet.PARAMS:
        strengths.append(Strength.CONTENT)
    if not strengths:
        return None
    stated = {
        "params": dict(params),
        "tag": tag[0] if tag else None,
        "inputs": sorted([use.role, use.identity] for use in inputs),
    }
    nodes = {node_id(NodeKind.ARTIFACT, use.artifact_id) for use in inputs}
    if tag or params or facet is Facet.PARAMS:
        nodes.add(node)
    return FacetValue(canonical_digest(stated), max(strengths), tuple(sorted(nodes)))
