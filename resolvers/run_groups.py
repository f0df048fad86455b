"""Reading run groups: runs whose facets are equal but for the replicate keys and the hardware."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.facts import SummaryReader, gather_facts
from analytics.groups import FacetValue, facet_digests, fingerprint
from domain.facet import DEFAULT_REPLICATE_KEYS, Facet
from governance.run_set import GroupOf, resolve
from graph.port import GraphReader


@dataclass(frozen=True, slots=True)
class RunGroupRecord:
    """A run group as it stood at the asked position."""

    fingerprint: str
    replicate_keys: tuple[str, ...]
    run_ids: tuple[str, ...]
    """By (first leaf, id); deleted runs are left out."""
    facets: tuple[tuple[Facet, FacetValue], ...]
    """What all of its runs share, by facet; the replicates and the hardware are left out."""


def of_run(
    graph: GraphReader,
    metrics: SummaryReader,
    run_id: str,
    *,
    project: str,
    replicate_keys: Sequence[str] = DEFAULT_REPLICATE_KEYS,
    as_of: int,
) -> RunGroupRecord:
    """The group that the run belongs to; ``NotFoundError`` when the project has no such run."""
    keys = tuple(sorted(set(replicate_keys)))
    members = resolve(
        GroupOf(run_id),
        project=project,
        graph=graph,
        metrics=metrics,
        replicates=keys,
        as_of=as_of,
    )
    (facts,) = gather_facts(graph, metrics, [run_id], as_of=as_of)
    shared = facet_digests(facts, keys)
    return RunGroupRecord(
        fingerprint=fingerprint(facts, keys),
        replicate_keys=keys,
        run_ids=members.run_ids,
        facets=tuple(
            (facet, shared[facet])
            for facet in Facet
            if facet in shared and facet not in (Facet.SEED, Facet.HARDWARE)
        ),
    )
