"""One run: what it logged, what it came from as a picture, and what it went into."""

from typing import TYPE_CHECKING

from graph.model import Node, NodeKind, node_id
from graph.port import Direction
from lineproof.explorer.curve_svg import curve_svg
from lineproof.explorer.lineage_svg import lineage_svg
from lineproof.explorer.markup import (
    address,
    link,
    moment,
    node_address,
    number,
    page,
    section,
    table,
    text,
)
from resolvers import experiments, runs
from resolvers.doctor import examine
from resolvers.lineage import impact, label_of, lineage
from resolvers.mlflow_history import SeriesHeld
from resolvers.mlflow_sample import SampleQuestion, sampled_points
from resolvers.runs import RunRecord, selection

if TYPE_CHECKING:
    from analytics.summaries import MetricSummary
    from lineproof.services import Services

UPSTREAM, DOWNSTREAM, OTHERS = 60, 100, 10
"""Nodes in the picture, in the list of what the run went into, and runs to compare with."""
CURVES, DRAWN, LONGEST = 40, 200, 20_000
"""Metrics that are drawn, points of each, and points of a series that is drawn at all."""


def run_page(services: "Services", project: str, prefix: str, run_id: str) -> str:
    """The run's page; ``NotFoundError`` when the project has no such run."""
    as_of = services.catch_up()
    (run,) = runs.many(services.graph, [run_id], project=project, as_of=as_of)
    metrics = services.metrics.summaries([run_id], as_of=as_of)[run_id]
    held = SeriesHeld()
    rows = [
        [
            text(key),
            *map(number, (one.last, one.min, one.max)),
            str(one.count),
            _curve(services, one, SampleQuestion(run_id, key, DRAWN), as_of, held)
            if place < CURVES
            else "",
        ]
        for place, (key, one) in enumerate(sorted(metrics.items()))
    ]
    experiment = experiments.one(services.graph, run.experiment_id, project=project, as_of=as_of)
    content = (
        _facts(run, experiment.name, prefix)
        + section(
            "Metrics", table(("Metric", "Last", "Least", "Greatest", "Points", "By step"), rows)
        )
        + section("Params", table(("Param", "Value"), _named(run.params)))
        + section("What made it", _upstream(services, project, prefix, run_id, as_of))
        + section("What is known of its making", _facets(services, project, run_id, as_of))
        + section("What it went into", _downstream(services, project, prefix, run_id, as_of))
        + section("Tags", table(("Tag", "Value"), _named(run.tags)))
        + section("Compare it with", _others(services, project, prefix, run, as_of))
    )
    return page(run.name or run.run_id, prefix, content)


def _curve(
    services: "Services",
    metric: "MetricSummary",
    question: SampleQuestion,
    as_of: int,
    held: SeriesHeld,
) -> str:
    if not 1 < metric.count <= LONGEST:
        return ""
    return curve_svg(sampled_points(services.metrics, question, as_of, held))


def _facts(run: RunRecord, name: str, prefix: str) -> str:
    experiment = address(prefix, ("experiments", run.experiment_id))
    story = address(prefix, ("audit", node_id(NodeKind.RUN, run.run_id)))
    took = ""
    if run.start_time is not None and run.end_time is not None:
        took = f" for {(run.end_time - run.start_time) / 1000:g} s"
    rows = [
        ["Run", f"<code>{text(run.run_id)}</code>"],
        ["Status", text(run.status) + ("" if run.lifecycle == "active" else ", deleted")],
        ["Experiment", link(experiment, name)],
        ["Started", moment(run.start_time) + took],
        ["User", text(run.user)],
        ["First entry", f"{run.seq} of the ledger"],
        ["Proof", link(story, "the whole story, entry by entry")],
    ]
    body = "".join(f"<tr><th scope=row>{name}<td>{value}" for name, value in rows if value)
    return f'<table class="facts">{body}</table>'


def _named(values: dict[str, str]) -> list[list[str]]:
    return [[text(name), text(value)] for name, value in values.items()]


def _upstream(services: "Services", project: str, prefix: str, run_id: str, as_of: int) -> str:
    found = lineage(
        services.graph,
        node_id(NodeKind.RUN, run_id),
        project=project,
        direction=Direction.UPSTREAM,
        depth=None,
        max_nodes=UPSTREAM,
        as_of=as_of,
    )
    if len(found.nodes) == 1:
        return "<p>Nothing is recorded: no data set, code, model or parent run.</p>"
    cut = "<p>Only the nearest are shown.</p>" if found.truncated else ""
    return lineage_svg(found, prefix) + cut


def _facets(services: "Services", project: str, run_id: str, as_of: int) -> str:
    """Each facet with its strength, and the one line that would record what is missing."""
    rows = [
        [
            text(each.facet.value),
            text(each.state.value),
            text(", ".join(each.sources)),
            f"<code>{text(each.advice)}</code>" if each.advice else "",
        ]
        for each in examine(services.graph, services.metrics, run_id, project=project, as_of=as_of)
    ]
    return table(("Facet", "Identity", "From", "What would record it"), rows)


def _downstream(services: "Services", project: str, prefix: str, run_id: str, as_of: int) -> str:
    found = impact(
        services.graph,
        node_id(NodeKind.RUN, run_id),
        project=project,
        max_nodes=DOWNSTREAM,
        as_of=as_of,
    )
    rows = [_result(node, prefix) for node, distance in found.nodes if distance]
    return table(("Kind", "Name"), rows)


def _result(node: Node, prefix: str) -> list[str]:
    kind, label = text(node.attributes.get("kind", node.kind.value)), label_of(node)
    if node.kind is NodeKind.VERDICT:
        label = f"{node.attributes['outcome']} by policy {node.attributes['policy_name']}"
    return [kind, link(node_address(prefix, node), label)]


def _others(services: "Services", project: str, prefix: str, run: RunRecord, as_of: int) -> str:
    which = selection(project, filter_text=None, experiment_id=run.experiment_id, deleted=False)
    found = runs.page(
        services.graph,
        services.metrics,
        which,
        first=OTHERS + 1,
        after=None,
        newest_first=True,
        as_of=as_of,
    ).items
    items = [
        link(address(prefix, ("compare", one.run_id, run.run_id)), one.name or one.run_id)
        for one in found
        if one.run_id != run.run_id
    ][:OTHERS]
    return f"<ul>{''.join(f'<li>{item}' for item in items)}</ul>" if items else ""
