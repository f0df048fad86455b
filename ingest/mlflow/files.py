"""Writes of files through the proxied artifact API: what is stored where, and what is deleted."""

from domain.artifact import ARTIFACT_DELETED, ARTIFACT_LOGGED, ArtifactDeleted, ArtifactLogged
from graph.model import NodeKind, node_id
from ingest.mlflow.write import Planned, Write

_RUN_PLACE = 1
"""Where a run's id stands in ``<experiment>/<run>/artifacts/...``."""


def log_file(write: Write, path: str, *, digest: str, size: int) -> Planned:
    """The bytes ``digest`` (``sha256:<hex>``, stored already) are at ``path`` from now on."""
    payload = ArtifactLogged(path=path, run_id=_run_of(write, path), digest=digest, size=size)
    return Planned((write.draft(ARTIFACT_LOGGED, payload, actor=""),), path)


def delete_files(write: Write, paths: list[str], *, subject: str) -> Planned:
    """Nothing is at ``paths`` any more."""
    payload = ArtifactDeleted(paths=paths)
    return Planned((write.draft(ARTIFACT_DELETED, payload, actor=""),) if paths else (), subject)


def _run_of(write: Write, path: str) -> str:
    """The run whose folder the path is in; empty without one."""
    steps = path.split("/")
    if len(steps) <= _RUN_PLACE + 1:
        return ""
    run = node_id(NodeKind.RUN, steps[_RUN_PLACE])
    node = write.graph.nodes([run], names=()).get(run)
    return steps[_RUN_PLACE] if node is not None and node.project == write.project else ""
