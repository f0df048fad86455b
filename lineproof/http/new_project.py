"""A project before anything is recorded in it: MLflow's Default experiment, and nothing else."""

from graph.port import GraphReader
from ingest.mlflow.experiments import default_experiment
from ledger.entry import Entry
from ledger.projection import Cursor
from lineproof.wiring import graph_in_memory


def new_project(project: str, now_ms: int) -> GraphReader:
    """What ``project`` would hold if it were begun now."""
    draft = default_experiment(project)
    entry = Entry(
        seq=0,
        type=draft.type,
        project=project,
        actor=draft.actor,
        source=draft.source,
        idem=draft.idem,
        at=now_ms,
        schema=draft.schema,
        payload=draft.payload,
        data=b"",
    )
    graph = graph_in_memory()
    graph.apply([entry], old=Cursor(), new=Cursor(1))
    return graph
