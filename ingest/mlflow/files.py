"""Writes of files through the proxied artifact API: what is stored where, and what is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.artifact import ARTIFACT_DELETED, ARTIFACT_LOGGED, ArtifactDeleted, ArtifactLogged
from domain.errors import ConflictError
from graph.model import Node, NodeKind, node_id
from graph.model_projector import logged_model
from graph.port import GraphReader
from ingest.erasable import ERASABLE_NAMES, subject_of
from ingest.mlflow.write import Planned, Write


@dataclass(frozen=True, slots=True)
class FileOwner:
    """Whose folder a file is in."""

    run_id: str
    """The run in whose own folder it is; empty elsewhere."""
    subject: str
    """Whom the run is about, also when it is a model of the run that has the folder; empty when it
    cannot be erased."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A file that stands in the blobs already."""

    digest: str
    """``sha256:<hex>`` of the file itself."""
    size: int
    """Bytes of the file itself."""
    blob: str = ""
    """``sha256:<hex>`` of its ciphertext, when it is sealed,"""
    sealed_for: str = ""
    """and the pseudonym of the subject whose key opens it."""


def file_owner(graph: GraphReader, project: str, path: str) -> FileOwner:
    """Whose folder ``path`` is in, as ``<location>/<run>/…`` or ``<location>/<model>/…``.

    Raises ``UsageError`` (ERASED) when what the run recorded was erased.
    """
    steps = path.split("/")[:-1]
    runs = [node_id(NodeKind.RUN, step) for step in steps]
    models = [logged_model(project, step) for step in steps]
    found = graph.nodes({*runs, *models}, names=[*ERASABLE_NAMES, "source_run_id"])
    for step, run in zip(steps, runs, strict=True):
        if _is_in(found.get(run), project):
            return FileOwner(step, subject_of(found[run]))
    for model in models:
        source = str(found[model].attributes.get("source_run_id", "")) if model in found else ""
        run = node_id(NodeKind.RUN, source)
        made_by = graph.nodes([run] if source else [], names=ERASABLE_NAMES)
        if _is_in(made_by.get(run), project):
            return FileOwner("", subject_of(made_by[run]))
    return FileOwner("", "")


def log_file(write: Write, path: str, stored: StoredBlob) -> Planned:
    """The file ``stored`` is at ``path`` from now on.

    Raises ``ConflictError`` when its run was started, erasable, while the file was on the way.
    """
    owner = file_owner(write.graph, write.project, path)
    if bool(owner.subject) != bool(stored.sealed_for):
        raise ConflictError(
            "The run of this file was started while the file was on its way.",
            hint="Send the file again.",
        )
    payload = ArtifactLogged(path=path, run_id=owner.run_id, digest=stored.digest, size=stored.size)
    if stored.sealed_for:
        payload["blob"], payload["sealed_for"] = stored.blob, stored.sealed_for
    draft = write.draft(ARTIFACT_LOGGED, payload, actor="", subject=owner.subject)
    return Planned((draft,), path)


def delete_files(write: Write, paths: Sequence[str], *, subject: str) -> Planned:
    """Nothing is at ``paths`` any more. Names of files that can be erased are sealed, too."""
    by_subject: dict[str, list[str]] = {}
    for path in paths:
        owner = file_owner(write.graph, write.project, path)
        by_subject.setdefault(owner.subject, []).append(path)
    drafts = [
        write.draft(
            ARTIFACT_DELETED, ArtifactDeleted(paths=some), actor="", part=part, subject=about
        )
        for part, (about, some) in enumerate(sorted(by_subject.items()))
    ]
    return Planned(tuple(drafts), subject)


def _is_in(run: Node | None, project: str) -> bool:
    return run is not None and run.project == project
