"""Runs and verdicts as OpenLineage 2-0-2 events, of whatever client they came from.

A run is a START and, once it has ended, a COMPLETE, FAIL or ABORT; a verdict is a COMPLETE of a run
of its own whose ``test`` facet holds the rules.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from domain.artifact import UNVERSIONED
from domain.canonical import JsonObject, JsonValue
from domain.ids import derived_id
from graph.model import EdgeType, NodeKind, entity_id, node_id
from lineproof.exports.graph import ExportedEdge, ExportedGraph, ExportedNode
from lineproof.exports.times import rfc3339

PRODUCER: Final = "urn:lineproof"
SCHEMA: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS: Final = "https://openlineage.io/spec/facets"
_ENDS: Final = {"FINISHED": "COMPLETE", "FAILED": "FAIL", "KILLED": "ABORT"}
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TESTED: Final = {"PASS": "pass", "FAIL": "fail", "WARN": "fail"}
"""A rule that could not be judged was, to OpenLineage, not executed."""
_DATASETS: Final = ("DATASET", "MODEL", "FILE")
_FACET: Final = "facets."
_DATASET_FACET: Final = "attributes.facets."

Event = dict[str, JsonValue]


class _Index:
    """The graph by what events ask for."""

    def __init__(self, graph: ExportedGraph) -> None:
        self.project = graph.project
        self.nodes = {node.id: node for node in graph.nodes}
        self.outgoing: dict[str, list[ExportedEdge]] = {}
        self.incoming: dict[str, list[ExportedEdge]] = {}
        for edge in graph.edges:
            self.outgoing.setdefault(edge.source, []).append(edge)
            self.incoming.setdefault(edge.target, []).append(edge)

    def targets(self, node: str, kind: EdgeType) -> list[ExportedEdge]:
        """Edges of ``kind`` that leave ``node``."""
        return [edge for edge in self.outgoing.get(node, []) if edge.type == kind]

    def sources(self, node: str, kind: EdgeType) -> list[ExportedEdge]:
        """Edges of ``kind`` that reach ``node``."""
        return [edge for edge in self.incoming.get(node, []) if edge.type == kind]


def openlineage_events(graph: ExportedGraph) -> Iterator[Event]:
    """Events of every run that is not deleted, then of every verdict, by age."""
    index = _Index(graph)
    for node in graph.nodes:
        if node.kind is NodeKind.RUN and node.text("lifecycle") != "deleted":
            yield from _run_events(index, node)
    for node in graph.nodes:
        if node.kind is NodeKind.VERDICT:
            yield _verdict_event(index, node)


def run_uuid(run_id: str) -> str:
    """A run's id as the UUID that OpenLineage asks for; another id is hashed to one."""
    if _UUID.fullmatch(run_id):
        return run_id
    text = run_id if _HEX.fullmatch(run_id) else derived_id("openlineage.run", run_id)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _verdict_event(index: _Index, verdict: ExportedNode) -> Event:
    """A verdict with the ``test`` facet (TestRunFacet 1-0-1), one test for each rule."""
    statement = cast("JsonObject", json.loads(verdict.text("statement") or "{}"))
    rules = statement.get("rules")
    tests = (
        [_test(rule) for rule in rules if isinstance(rule, Mapping)]
        if isinstance(rules, list)
        else []
    )
    facets: dict[str, JsonValue] = {"test": _facet("TestRunFacet", "1-0-1", {"tests": tests})}
    subject = statement.get("subject")
    runs = subject.get("run_ids") if isinstance(subject, Mapping) else None
    job: JsonObject = {
        "namespace": f"lineproof/{index.project}",
        "name": f"gate/{verdict.text('policy_name')}",
    }
    if isinstance(runs, list) and runs:
        dependencies = {"upstream": [_run_and_job(index, str(run)) for run in runs]}
        facets["jobDependencies"] = _facet("JobDependenciesRunFacet", "1-0-1", dependencies)
    facets["lineproof_verdict"] = _facet(
        "RunFacet",
        "",
        {
            "verdictId": verdict.text("verdict_id"),
            "outcome": verdict.text("outcome"),
            "policyDigest": verdict.text("policy_digest"),
            "reason": str(statement.get("reason") or ""),
        },
    )
    run = run_uuid(verdict.text("verdict_id"))
    time = _as_of(index, verdict)
    return _event("COMPLETE", time, run, facets, {**job, "facets": {}})


def _run_and_job(index: _Index, run_id: str) -> JsonObject:
    """A run and what it is an execution of; of a run that is not in the graph, only the run."""
    run = index.nodes.get(node_id(NodeKind.RUN, run_id))
    named: JsonObject = {"runId": run_uuid(run_id)}
    if run is None:
        return {"job": {"namespace": f"lineproof/{index.project}", "name": run_id}, "run": named}
    job = _job(index, run)
    return {"job": {"namespace": job["namespace"], "name": job["name"]}, "run": named}


def _test(rule: JsonObject) -> dict[str, JsonValue]:
    metric, delta = rule.get("metric"), rule.get("delta")
    test: dict[str, JsonValue] = {
        "name": str(rule.get("id")),
        "status": _TESTED.get(str(rule.get("status")), "skip"),
        "severity": "error" if rule.get("severity") == "BLOCK" else "warn",
        "type": str(rule.get("kind") or ""),
        "description": str(rule.get("message") or ""),
        "params": {"status": rule.get("status"), "severity": rule.get("severity")},
    }
    if isinstance(metric, Mapping) and isinstance(delta, Mapping):
        test["expected"] = f"{metric.get('name')} no worse than by {delta.get('margin')}"
        test["actual"] = f"{delta.get('oriented')}"
    return test


def _as_of(index: _Index, verdict: ExportedNode) -> int:
    """When the last run that it judged ended: a verdict has no clock of its own."""
    times = [
        index.nodes[edge.target].attributes.get(name)
        for edge in index.targets(verdict.id, EdgeType.JUDGED)
        for name in ("start_time", "end_time")
    ]
    return max((time for time in times if isinstance(time, int)), default=0)


def _run_events(index: _Index, run: ExportedNode) -> Iterator[Event]:
    job = _job(index, run)
    run_facets = _run_facets(index, run)
    sides: dict[str, JsonValue] = {
        "inputs": _datasets(index, run, EdgeType.USED),
        "outputs": _datasets(index, run, EdgeType.WAS_GENERATED_BY),
    }
    uuid = run_uuid(entity_id(run.id))
    start = run.attributes.get("start_time")
    started = start if isinstance(start, int) else 0
    yield {**_event("START", started, uuid, run_facets, job), **sides}
    end = run.attributes.get("end_time")
    kind = _ENDS.get(run.text("status"))
    if kind:
        ended = end if isinstance(end, int) else started
        yield {**_event(kind, ended, uuid, run_facets, job), **sides}


def _job(index: _Index, run: ExportedNode) -> JsonObject:
    """OpenLineage's own names where the run came from there; else ours."""
    jobs = index.targets(run.id, EdgeType.EXECUTION_OF)
    job = index.nodes[jobs[0].target] if jobs else None
    namespace = run.text("tags.openlineage.job.namespace") or f"lineproof/{index.project}"
    fallback = job.text("name") if job else run.text("name")
    name = run.text("tags.openlineage.job.name") or fallback or entity_id(run.id)
    facets = _parsed(job, _FACET) if job else {}
    code = [
        index.nodes[edge.target]
        for edge in index.targets(run.id, EdgeType.USED)
        if index.nodes[edge.target].text("algorithm") == "git.commit"
    ]
    if code and "sourceCodeLocation" not in facets:
        location = {
            "type": "git",
            "url": code[0].text("name"),
            "version": code[0].text("digest"),
        }
        facets["sourceCodeLocation"] = _facet("SourceCodeLocationJobFacet", "1-1-0", location)
    return {"namespace": namespace, "name": name, "facets": facets}


def _run_facets(index: _Index, run: ExportedNode) -> dict[str, JsonValue]:
    facets = _parsed(run, _FACET)
    params = {k: v for k, v in run.attributes.items() if k.startswith("params.")}
    if params and "executionParameters" not in facets:
        items = [{"key": k[7:], "value": str(params[k])} for k in sorted(params)]
        facets["executionParameters"] = _facet(
            "ExecutionParametersRunFacet", "1-0-0", {"parameters": cast("JsonValue", items)}
        )
    if "parent" not in facets:
        for edge in index.targets(run.id, EdgeType.WAS_INFORMED_BY):
            parent = index.nodes[edge.target]
            job = _job(index, parent)
            facets["parent"] = _facet(
                "ParentRunFacet",
                "1-1-0",
                {
                    "run": {"runId": run_uuid(entity_id(parent.id))},
                    "job": {"namespace": job["namespace"], "name": job["name"]},
                },
            )
    return facets


def _datasets(index: _Index, run: ExportedNode, kind: EdgeType) -> list[JsonValue]:
    """Inputs or outputs, with what was said of this very use."""
    is_input = kind is EdgeType.USED
    if is_input:
        found = [(edge.target, edge.role) for edge in index.targets(run.id, kind)]
    else:
        found = [(edge.source, edge.role) for edge in index.sources(run.id, kind)]
    side = "input" if is_input else "output"
    known = {
        index.nodes[target].text("name")
        for target, _ in found
        if index.nodes[target].text("algorithm") != UNVERSIONED
    }
    datasets: dict[str, JsonValue] = {}
    for target, role in found:
        node = index.nodes[target]
        if node.text("algorithm") == UNVERSIONED and node.text("name") in known:
            continue  # Which version it was became known later.
        if node.text("kind") in _DATASETS and node.id not in datasets:
            said = run.text(f"{side}_tags.{entity_id(node.id)}.{role}")
            own = _own_facets(said, f"{side}Facets")
            datasets[node.id] = {**_dataset(index.project, node), **own}
    return list(datasets.values())


def _own_facets(said: str, member: str) -> dict[str, JsonValue]:
    tags = cast("Mapping[str, JsonValue]", json.loads(said or "{}"))
    prefix = f"{member}."
    facets: dict[str, JsonValue] = {
        name.removeprefix(prefix): cast("JsonValue", json.loads(str(tags[name])))
        for name in sorted(tags)
        if name.startswith(prefix)
    }
    return {member: facets} if facets else {}


def _dataset(project: str, node: ExportedNode) -> JsonObject:
    facets = _parsed(node, _DATASET_FACET)
    digest = node.text("digest")
    named = node.text("algorithm") in ("openlineage.run", "openlineage.unversioned")
    if digest and not named and "version" not in facets:
        facets["version"] = _facet(
            "DatasetVersionDatasetFacet",
            "1-0-1",
            {"datasetVersion": f"{node.text('algorithm')}:{digest}"},
        )
    return {
        "namespace": node.text("attributes.namespace") or f"lineproof/{project}",
        "name": node.text("attributes.name") or node.text("name"),
        "facets": facets,
    }


def _parsed(node: ExportedNode, prefix: str) -> dict[str, JsonValue]:
    return {
        name.removeprefix(prefix): cast("JsonValue", json.loads(str(node.attributes[name])))
        for name in sorted(node.attributes)
        if name.startswith(prefix)
    }


def _facet(name: str, version: str, members: Mapping[str, JsonValue]) -> JsonObject:
    schema = f"{FACETS}/{version}/{name}.json#/$defs/{name}" if version else SCHEMA
    return {"_producer": PRODUCER, "_schemaURL": schema, **members}


def _event(
    kind: str, time: int, run: str, facets: Mapping[str, JsonValue], job: JsonObject
) -> Event:
    return {
        "eventType": kind,
        "eventTime": rfc3339(time),
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
        "run": {"runId": run, "facets": facets},
        "job": job,
        "inputs": [],
        "outputs": [],
    }
