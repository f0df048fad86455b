"""Events of runs that can be erased: what of them stands in the clear, and what is sealed.

The ``tags`` facet of the run names the subject (``ingest.erasable``). The event itself, with all
its facets, is sealed; in the clear stand which versions of which datasets the run read and wrote,
by their identity alone, so that lineage and quarantine outlive an erasure.
"""

from collections.abc import Iterator, Mapping

from domain.artifact import ArtifactKind, ArtifactUse, identity_of
from domain.lineage_event import LINEAGE_DERIVED, LineageDerived, LineageEventRecorded
from domain.run import RUN_INPUTS_LOGGED, RUN_OUTPUTS_LOGGED, RunInputsLogged, RunOutputsLogged
from graph.model import Node
from graph.projector import ERASABLE
from ingest.erasable import subject_for, subject_in

_DATA = (ArtifactKind.DATASET.value, ArtifactKind.MODEL.value)
_BY_TAG = "facet."
_SAID_BY_OTHERS = {"tags.mlflow.runName"}
_SAID = ("tags.", "params.", "facets.")


def is_only_heard_of(run: Node | None) -> bool:
    """Whether nothing but other runs' events has spoken of the run so far."""
    if run is None or ERASABLE in run.attributes:
        return False
    said = {name for name in run.attributes if name.startswith(_SAID)}
    return said <= _SAID_BY_OTHERS


def subject_of_event(run: Node | None, tags: Mapping[str, str]) -> str:
    """Whom the run of an event is about. The first event of its own decides, not those of others.

    Raises ``UsageError`` when a later one says otherwise, or when the subject was erased.
    """
    return subject_in(tags) if is_only_heard_of(run) else subject_for(run, tags)


def clear_lineage(
    payload: LineageEventRecorded,
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Type and payload of the entries that say in the clear what a sealed event says of lineage."""
    run_id = payload["run_id"]
    uses = [_bare(use) for use in payload["uses"] if _is_data(use)]
    if uses:
        yield RUN_INPUTS_LOGGED, RunInputsLogged(run_id=run_id, uses=uses)
    generates = [_bare(use) for use in payload["generates"]]
    if generates:
        yield RUN_OUTPUTS_LOGGED, RunOutputsLogged(run_id=run_id, generates=generates)
    if payload["derivations"]:
        derived = LineageDerived(artifacts=[], derivations=payload["derivations"])
        yield LINEAGE_DERIVED, derived


def _is_data(use: ArtifactUse) -> bool:
    """Not code, engines, and what tags of the run state."""
    return use["artifact"]["kind"] in _DATA and not use["role"].startswith(_BY_TAG)


def _bare(use: ArtifactUse) -> ArtifactUse:
    """The identity of a version and its part in the run, without what the event says of it."""
    return ArtifactUse(role=use["role"], facet=use["facet"], artifact=identity_of(use["artifact"]))
