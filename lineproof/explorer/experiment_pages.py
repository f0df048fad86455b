"""The experiments of a project, and the runs of one as a table."""

from typing import TYPE_CHECKING

from graph.model import NodeKind
from graph.port import Condition, NodeQuery, Operator
from lineproof.explorer.markup import address, link, moment, number, page, table, text
from resolvers import experiments, runs
from resolvers.runs import RunRecord, selection

if TYPE_CHECKING:
    from analytics.summaries import MetricSummary
    from lineproof.services import Services

SHOWN = 200
"""Experiments, and runs of one: the newest."""
COLUMNS = 8
"""Metrics, and params that differ."""


def experiments_page(services: "Services", project: str, prefix: str) -> str:
    """Every experiment that is not deleted, in the order in which they were made."""
    as_of = services.catch_up_graph()
    found = experiments.page(
        services.graph, project=project, first=SHOWN, after=None, deleted=False, as_of=as_of
    )
    rows = [
        [
            link(address(prefix, ("experiments", one.experiment_id)), one.name),
            str(_count(services, project, one.experiment_id)),
            moment(one.created_at),
        ]
        for one in found.items
    ]
    nothing = "<p>Nothing is recorded yet.</p>"
    return page("Experiments", prefix, table(("Name", "Runs", "Created"), rows) or nothing)


def experiment_page(services: "Services", project: str, prefix: str, experiment_id: str) -> str:
    """The newest runs with their metrics and the params that differ between them.

    ``NotFoundError`` when the project has no such experiment.
    """
    as_of = services.catch_up()
    experiment = experiments.one(services.graph, experiment_id, project=project, as_of=as_of)
    which = selection(project, filter_text=None, experiment_id=experiment_id, deleted=False)
    found = runs.page(
        services.graph,
        services.metrics,
        which,
        first=SHOWN,
        after=None,
        newest_first=True,
        as_of=as_of,
    ).items
    metrics = services.metrics.summaries([run.run_id for run in found], as_of=as_of)
    names = sorted({key for each in metrics.values() for key in each})[:COLUMNS]
    params = _differing_params(found)
    heads = ("Run", "Status", "Started", *names, *params)
    rows = [_row(prefix, run, metrics[run.run_id], names, params) for run in found]
    count = _count(services, project, experiment_id)
    shown = f"<p>{count} runs" + (f", the newest {SHOWN} of them" if count > SHOWN else "")
    return page(experiment.name, prefix, f"{shown}.</p>{table(heads, rows)}")


def _row(
    prefix: str,
    run: RunRecord,
    metrics: "dict[str, MetricSummary]",
    names: list[str],
    params: list[str],
) -> list[str]:
    values = run.params
    return [
        link(address(prefix, ("runs", run.run_id)), run.name or run.run_id),
        text(run.status),
        moment(run.start_time),
        *(number(metrics[name].last) if name in metrics else "" for name in names),
        *(text(values.get(name, "")) for name in params),
    ]


def _differing_params(found: "tuple[RunRecord, ...]") -> list[str]:
    values: dict[str, set[str]] = {}
    for run in found:
        for name, value in run.params.items():
            values.setdefault(name, set()).add(value)
    return [name for name in sorted(values) if len(values[name]) > 1][:COLUMNS]


def _count(services: "Services", project: str, experiment_id: str) -> int:
    conditions = (
        Condition("experiment_id", Operator.EQ, experiment_id),
        Condition("lifecycle", Operator.EQ, "active"),
    )
    return services.graph.count(NodeQuery(project, NodeKind.RUN, conditions))
