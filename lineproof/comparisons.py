"""Comparisons as the application gives them: one JSON form for HTTP and the command line.

A request has ``candidate`` and ``baseline`` (sets of runs as ``POST /gate`` takes them; without a
baseline the policy's rule finds it) and may have ``policy`` (a name), ``asOf`` (a tree size) and
``maxNodes`` (of the difference graph, default 60).
"""

from typing import TYPE_CHECKING

from analytics.comparison import comparison_json
from analytics.judged_json import number_json
from analytics.suggested_runs import SuggestedRun, suggested_runs
from domain.canonical import JsonObject, JsonValue
from governance.policy import Policy
from governance.request_reader import object_of, text_member
from governance.rule_result import RuleResult
from governance.run_set import run_set_from_json
from lineproof.positions import asked_position, bounded_integer
from resolvers import policies
from resolvers.comparisons import ComparisonRecord, compare_sets
from resolvers.lineage import MAX_NODES, DiffGraph, diff_graph, label_of

if TYPE_CHECKING:
    from lineproof.services import Services

DIFF_NODES = 60
"""Nodes of the difference graph when a request does not say."""


def compare(services: "Services", request: JsonValue, *, project: str) -> JsonObject:
    """The answer to a comparison request.

    Raises ``UsageError`` for a malformed request, ``NotFoundError`` for a run or policy that the
    project lacks and for a set without runs.
    """
    fields = object_of(
        request, "the request", ("baseline", "candidate", "policy", "asOf", "maxNodes")
    )
    as_of = asked_position(services, fields.get("asOf"))
    name = text_member(fields, "policy", limit=100)
    declared = _policy(services, name, project, as_of)
    given = fields.get("baseline")
    baseline = None if given is None else run_set_from_json(given, "baseline")
    record = compare_sets(
        services.graph,
        services.metrics,
        baseline,
        run_set_from_json(fields.get("candidate"), "candidate"),
        policy=declared,
        project=project,
        as_of=as_of,
        index=services.delta_index(),
    )
    nodes = bounded_integer(fields.get("maxNodes"), "maxNodes", 1, MAX_NODES, DIFF_NODES)
    graph = diff_graph(
        services.graph,
        record.comparison.baseline.run_ids,
        record.comparison.candidate.run_ids,
        projects=record.projects,
        max_nodes=nodes,
        as_of=as_of,
    )
    return _answer(record, name, graph)


def _policy(services: "Services", name: str | None, project: str, as_of: int) -> Policy | None:
    if name is None:
        return None
    return policies.declared(policies.one(services.graph, name, project=project, as_of=as_of))


def _answer(record: ComparisonRecord, policy: str | None, graph: DiffGraph) -> JsonObject:
    return {
        "comparison": comparison_json(record.comparison),
        "policy": policy,
        "results": {name: _result(record.results[name]) for name in sorted(record.results)},
        "suggestedRuns": [_suggestion(run) for run in suggested_runs(record.comparison.causes)],
        "diffGraph": _graph(graph),
    }


def _result(result: RuleResult) -> JsonObject:
    decision = result.decision
    return {
        "status": result.status.value,
        "message": result.message,
        "margin": None if decision is None else number_json(decision.margin),
    }


def _suggestion(run: SuggestedRun) -> JsonObject:
    return {
        "changes": [change.label for change in run.changes],
        "separates": list(run.separates),
    }


def _graph(graph: DiffGraph) -> JsonObject:
    return {
        "nodes": [
            {"id": node.id, "kind": node.kind.value, "label": label_of(node), "side": side.value}
            for node, side in graph.nodes
        ],
        "edges": [
            {"from": edge.source, "to": edge.target, "type": edge.type.value, "role": edge.role}
            for edge in graph.edges
        ],
        "truncated": graph.truncated,
    }
