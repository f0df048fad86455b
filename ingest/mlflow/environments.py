"""Environment files that MLflow's client stores for a run, or for a model that a run made."""

from collections.abc import Callable
from dataclasses import replace

from domain.packages import MAX_TEXT
from domain.run import RUN_INPUTS_LOGGED, RunInputsLogged
from graph.model import NodeKind, node_id
from graph.model_projector import logged_model
from ingest.environment_files import environment_use, is_environment_file
from ingest.mlflow.write import Planned, Write


def with_environment(
    write: Write, path: str, size: int, read: Callable[[], bytes], planned: Planned
) -> Planned:
    """``planned``, and that the file's run used the environment that the file describes, if it
    describes one. ``read`` gives the file's bytes, of which there are ``size``."""
    if size > MAX_TEXT or not is_environment_file(path):
        return planned
    run_id = _run_of(write, path)
    if not run_id:
        return planned
    try:
        use = environment_use(path, read().decode("utf-8"))
    except UnicodeDecodeError:
        return planned
    if use is None:
        return planned
    payload = RunInputsLogged(run_id=run_id, uses=[use])
    draft = write.draft(RUN_INPUTS_LOGGED, payload, actor="", part=len(planned.drafts))
    return replace(planned, drafts=(*planned.drafts, draft))


def _run_of(write: Write, path: str) -> str:
    """The run in whose folder the file is, or that made the model in whose folder it is."""
    steps = path.split("/")[:-1]
    runs = {node_id(NodeKind.RUN, step): step for step in steps}
    models = [logged_model(write.project, step) for step in steps]
    found = write.graph.nodes({*runs, *models}, names=["source_run_id"])
    own = [runs[node] for node in runs if node in found and found[node].project == write.project]
    made_by = [
        str(found[model].attributes.get("source_run_id", "")) for model in models if model in found
    ]
    return next((run for run in (*own, *made_by) if run), "")
