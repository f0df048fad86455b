"""Tags of runs: what they rename, whom they make a parent, what they say of provenance."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.artifact import ArtifactUse
from domain.errors import NotFoundError, UsageError
from domain.names import checked_name
from graph.model import Node
from ingest.facets import PARENT_TAG, tag_uses
from ingest.limits import MAX_RUN_NAME
from ingest.mlflow.fields import too_long
from ingest.mlflow.state import check_parent
from ingest.mlflow.write import Write

NAME_TAG = "mlflow.runName"
_TAGS = "tags."


@dataclass(frozen=True, slots=True)
class TagMeaning:
    """What a set of new tags comes to."""

    uses: list[ArtifactUse]
    parent_run_id: str
    """Empty when the tags name none."""
    name: str
    """The run's new name; empty when the tags do not name it."""


def tag_meaning(
    write: Write, run_id: str, new: Mapping[str, str], *, known: Mapping[str, str]
) -> TagMeaning:
    """What the ``new`` tags mean for a run that has the ``known`` ones already.

    Raises ``UsageError`` for an unknown facet, a name that cannot be one or a parent that descends
    from the run, ``NotFoundError`` for a parent that does not exist in the project.
    """
    parent = new.get(PARENT_TAG, "")
    if parent:
        check_parent(write, run_id, parent)
    name = new.get(NAME_TAG, "")
    return TagMeaning(
        uses=tag_uses({**known, **new}, tuple(new)),
        parent_run_id=parent,
        name=checked_run_name(name) if name else "",
    )


def tags_of(run: Node) -> dict[str, str]:
    """The tags that a run carries."""
    return {
        name.removeprefix(_TAGS): str(value)
        for name, value in run.attributes.items()
        if name.startswith(_TAGS)
    }


def checked_run_name(name: str) -> str:
    """``name`` in NFC when a run may be called so."""
    if len(name) > MAX_RUN_NAME:
        raise too_long("run_name", MAX_RUN_NAME)
    return checked_name(name, what="run name", limit=MAX_RUN_NAME)


def conflicting_names(name: str, tag: str) -> UsageError:
    """MLflow's error for a run that is given two names at once."""
    return UsageError(
        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different "
        f"values (run_name='{name}', mlflow.runName='{tag}').",
        hint="Give one of them.",
    )


def no_such_tag(key: str, owner: str) -> NotFoundError:
    """MLflow's error for deleting a tag that is not set."""
    return NotFoundError(
        f"No tag with name: {key[:250]} in {owner}.", hint="Only a tag that is set can be deleted."
    )
