"""Facets of a run as digests, and the run groups that follow from them.

A run group is made by the facets, never by tags that name a group: runs of one project whose facets
are equal but for the replicate keys and the hardware.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass

from analytics.facts import Input, RunFacts
from domain.artifact import content_digest
from domain.canonical import canonical_digest
from domain.facet import FACET_TAG_PREFIX, Facet, Strength
from domain.ids import derived_id
from graph.model import NodeKind, node_id

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
    content = content_digest(value)
    if content:
        return f"sha256:{content}", Strength.CONTENT
    return (value, Strength.NAMED) if value else None


def facet_inputs(facts: RunFacts, facet: Facet) -> tuple[Input, ...]:
    """The inputs that a facet is made of, but for those that repeat its tag."""
    return tuple(use for use in facts.inputs if use.facet is facet and not _repeats_tag(use))


def facet_digests(facts: RunFacts, replicate_keys: Collection[str]) -> Mapping[Facet, FacetValue]:
    """Every facet that the run recorded; the parameters always, be they none."""
    params = _facet_params(facts, replicate_keys)
    found = {facet: _facet_value(facts, facet, params.get(facet)) for facet in Facet}
    return {facet: value for facet, value in found.items() if value is not None}


def facet_digest(
    facts: RunFacts, facet: Facet, replicate_keys: Collection[str]
) -> FacetValue | None:
    """One facet of ``facet_digests``; None when the run recorded nothing of it."""
    params = _facet_params(facts, replicate_keys).get(facet)
    return _facet_value(facts, facet, params)


def group_key(facts: RunFacts, replicate_keys: Collection[str]) -> Hashable:
    """What ``fingerprint`` is the digest of: equal for two runs exactly when it is."""
    params = _facet_params(facts, replicate_keys)[Facet.PARAMS]
    uses = sorted(
        (use.facet, use.role, use.identity)
        for use in facts.inputs
        if use.facet is not None and use.facet not in _NOT_GROUPED and not _repeats_tag(use)
    )
    tags = [facet_tag(facts, facet) for facet in Facet if facet not in _NOT_GROUPED]
    return facts.project, tuple(sorted(params.items())), tuple(uses), tuple(tags)


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
    groups: dict[Hashable, list[RunFacts]] = {}
    for facts in sorted(runs, key=lambda facts: (facts.seq, facts.run_id)):
        groups.setdefault(group_key(facts, replicate_keys), []).append(facts)
    return {fingerprint(members[0], replicate_keys): tuple(members) for members in groups.values()}


def _facet_params(facts: RunFacts, replicate_keys: Collection[str]) -> dict[Facet, dict[str, str]]:
    found: dict[Facet, dict[str, str]] = {Facet.PARAMS: {}, Facet.SEED: {}}
    for key, value in facts.params.items():
        found[Facet.SEED if key in replicate_keys else Facet.PARAMS][key] = value
    return found


def _facet_value(
    facts: RunFacts, facet: Facet, params: Mapping[str, str] | None
) -> FacetValue | None:
    tag, inputs = facet_tag(facts, facet), facet_inputs(facts, facet)
    has_params = bool(params) or facet is Facet.PARAMS
    strengths = [tag[1]] if tag else []
    if inputs:
        strengths.append(min(use.strength for use in inputs))
    if has_params:
        strengths.append(Strength.CONTENT)
    if not strengths:
        return None
    stated = {
        "params": params or {},
        "tag": tag[0] if tag else None,
        "inputs": sorted([use.role, use.identity] for use in inputs),
    }
    nodes = {node_id(NodeKind.ARTIFACT, use.artifact_id) for use in inputs}
    if tag or has_params:
        nodes.add(node_id(NodeKind.RUN, facts.run_id))
    return FacetValue(canonical_digest(stated), max(strengths), tuple(sorted(nodes)))


def _repeats_tag(use: Input) -> bool:
    return use.role.startswith(TAG_ROLE)
