"""Sets of runs as a request names them, resolved to ordered run ids as of a ledger position."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from analytics.facts import SummaryReader, gather_facts
from analytics.groups import fingerprint
from analytics.run_conditions import divided, satisfying
from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, NotFoundError, UsageError
from domain.run import RunStatus
from governance.request_reader import object_of, refused, required_text, text_list
from graph.clause import Clause
from graph.filter import parse_filter
from graph.model import AttributeValue, Node, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, NodeStatement, Operator

MAX_RUNS = 10_000
"""Most runs of one side."""
ID_LIMIT = 250
MAX_PROJECTS = 100
PROJECT_LIMIT = 64
NARROWED_BY = 20
"""Parameters that narrow the search for a run's group; the fingerprint decides over all."""


@dataclass(frozen=True, slots=True)
class RunIds:
    """These runs."""

    runs: tuple[str, ...]
    projects: tuple[str, ...] = ()
    """Where they are looked for; in the project of the request when none is named."""


@dataclass(frozen=True, slots=True)
class GroupOf:
    """The run group of this run: equal facets but for the replicate keys and the hardware."""

    run: str
    projects: tuple[str, ...] = ()
    """As of ``RunIds``. A group is that of the run's own project."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """The runs that a filter (MLflow's grammar) finds in these experiments; in all when none."""

    text: str
    experiments: tuple[str, ...]
    """Names or ids."""
    projects: tuple[str, ...] = ()
    """As of ``RunIds``: whatever the filter finds in each of them."""


RunSet: TypeAlias = RunIds | GroupOf | Filtered


@dataclass(frozen=True, slots=True)
class ExcludedRun:
    """A run that the set names and that is not judged."""

    run_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SelectedRuns:
    """What a set came to."""

    selected_by: str
    """``runs``, ``group``, ``filter``, ``pinned``, ``last_passing``."""
    run_ids: tuple[str, ...]
    """By (first leaf, id)."""
    excluded: tuple[ExcludedRun, ...] = ()
    verdict_id: str | None = None
    """The verdict that a baseline rule took them from."""


def run_set_from_json(value: JsonValue, what: str) -> RunSet:
    """``{"runs": […]}``, ``{"group": run}`` or ``{"filter": text, "experiments": […]}``.

    Each may name the ``projects`` in which the runs are looked for. Raises ``UsageError``
    (INVALID_ARGUMENT, INVALID_NAME) for anything else.
    """
    fields = object_of(value, what, ("runs", "group", "filter", "experiments", "projects"))
    projects = text_list(fields, "projects", most=MAX_PROJECTS, limit=PROJECT_LIMIT)
    given = [name for name in ("runs", "group", "filter") if fields.get(name) is not None]
    if len(given) != 1:
        raise refused(f"{what} must have exactly one of 'runs', 'group' and 'filter'")
    if fields.get("experiments") is not None and given != ["filter"]:
        raise refused(f"'experiments' of {what} goes with 'filter' alone")
    if given == ["runs"]:
        runs = text_list(fields, "runs", most=MAX_RUNS, limit=ID_LIMIT)
        if not runs:
            raise refused(f"{what} names no run", "An empty set cannot be judged.")
        return RunIds(runs, projects)
    if given == ["group"]:
        return GroupOf(required_text(fields, "group", limit=ID_LIMIT), projects)
    text = fields["filter"]
    if not isinstance(text, str):
        raise refused(f"'filter' of {what} must be text")
    experiments = text_list(fields, "experiments", most=MAX_RUNS, limit=ID_LIMIT)
    filtered = Filtered(text, experiments, projects)
    parse_filter(text)  # A filter that cannot be read is refused before anything else is done.
    return filtered


def run_set_document(run_set: RunSet) -> JsonObject:
    """The JSON that ``run_set_from_json`` reads back to the same set."""
    document: dict[str, JsonValue] = {}
    if isinstance(run_set, RunIds):
        document["runs"] = list(run_set.runs)
    elif isinstance(run_set, GroupOf):
        document["group"] = run_set.run
    else:
        document["filter"] = run_set.text
        if run_set.experiments:
            document["experiments"] = list(run_set.experiments)
    if run_set.projects:
        document["projects"] = list(run_set.projects)
    return document


def resolve(
    run_set: RunSet,
    *,
    project: str,
    graph: GraphReader,
    metrics: SummaryReader,
    replicates: Sequence[str],
    as_of: int,
) -> SelectedRuns:
    """The runs of a set as of a position; deleted, failed and killed ones are named as excluded.

    ``project`` is where runs are looked for when the set names no projects. Raises
    ``NotFoundError`` for a run or an experiment that none of them has, ``UsageError`` (TOO_LARGE)
    for more than ``MAX_RUNS``. The answer may be empty.
    """
    projects = run_set.projects or (project,)
    if isinstance(run_set, RunIds):
        return select("runs", _named(graph, projects, run_set.runs, as_of))
    if isinstance(run_set, GroupOf):
        members = _group(run_set.run, projects, graph, metrics, replicates, as_of)
        return select("group", members)
    return select("filter", _filtered(run_set, projects, graph, metrics, as_of))


def named_runs(
    graph: GraphReader, project: str, run_ids: Sequence[str], *, as_of: int
) -> list[Node]:
    """The nodes of these runs; ``NotFoundError`` when the project lacks one of them."""
    return _named(graph, (project,), run_ids, as_of)


def _named(
    graph: GraphReader, projects: Sequence[str], run_ids: Sequence[str], as_of: int
) -> list[Node]:
    ids = [node_id(NodeKind.RUN, run_id) for run_id in run_ids]
    nodes = graph.nodes(ids, as_of=as_of)
    for run_id, node in zip(run_ids, ids, strict=True):
        if node not in nodes or nodes[node].project not in projects:
            raise NotFoundError(
                f"There is no run {run_id[:64]!r} in the project {_listed(projects)}.",
                hint="Check the run id, and that its tracking client pointed at this project.",
                context={"run_id": run_id, "project": ",".join(projects)},
            )
    return list(nodes.values())


def _listed(projects: Sequence[str]) -> str:
    return " or ".join(map(repr, projects))


def select(selected_by: str, nodes: Sequence[Node], verdict_id: str | None = None) -> SelectedRuns:
    """The runs that are judged, ordered, apart from those that are not."""
    _bounded(nodes)
    kept: list[str] = []
    excluded: list[ExcludedRun] = []
    for node in sorted(nodes, key=lambda node: (node.seq, node.id)):
        reason = _exclusion(node)
        if reason:
            excluded.append(ExcludedRun(entity_id(node.id), reason))
        else:
            kept.append(entity_id(node.id))
    return SelectedRuns(selected_by, tuple(kept), tuple(excluded), verdict_id)


def _exclusion(node: Node) -> str:
    """Why the run is not judged; as ``analytics.comparison.compare`` leaves runs out."""
    if node.attributes.get("lifecycle") == "deleted":
        return "It is deleted."
    status = node.attributes.get("status")
    return f"It is {status}." if status in (RunStatus.FAILED, RunStatus.KILLED) else ""


def _bounded(nodes: Sequence[Node]) -> None:
    if len(nodes) > MAX_RUNS:
        raise UsageError(
            f"The set has more than {MAX_RUNS} runs.",
            code=ErrorCode.TOO_LARGE,
            hint="Narrow the filter or name the runs.",
        )


def _group(
    run_id: str,
    projects: Sequence[str],
    graph: GraphReader,
    metrics: SummaryReader,
    replicates: Sequence[str],
    as_of: int,
) -> list[Node]:
    """Runs whose other parameters are equal are looked up; their fingerprints then decide."""
    (node,) = _named(graph, projects, (run_id,), as_of)
    same = tuple(
        Condition(name, Operator.EQ, value)
        for name, value in sorted(node.attributes.items())
        if name.startswith("params.") and name.removeprefix("params.") not in replicates
    )
    query = NodeQuery(node.project, NodeKind.RUN, same[:NARROWED_BY], limit=MAX_RUNS + 1)
    nodes = graph.find(query, as_of=as_of)
    _bounded(nodes)
    facts = gather_facts(graph, metrics, [entity_id(each.id) for each in nodes], as_of=as_of)
    prints = {each.run_id: fingerprint(each, replicates) for each in facts}
    return [each for each in nodes if prints[entity_id(each.id)] == prints[run_id]]


def _filtered(
    run_set: Filtered,
    projects: Sequence[str],
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
) -> list[Node]:
    experiments = {
        project: _experiment_ids(run_set.experiments, project, graph, as_of) for project in projects
    }
    named = {asked for found in experiments.values() for asked in found}
    missing = [asked for asked in run_set.experiments if asked not in named]
    if missing:
        raise NotFoundError(
            f"There is no experiment {missing[0][:64]!r} in the project {_listed(projects)}.",
            hint="Give the experiment's name or id.",
            context={"experiment": missing[0], "project": ",".join(projects)},
        )
    return [
        node
        for project in projects
        if experiments[project] or not run_set.experiments
        for node in _found(
            run_set, project, tuple(experiments[project].values()), graph, metrics, as_of
        )
    ]


def _found(
    run_set: Filtered,
    project: str,
    experiment_ids: tuple[AttributeValue, ...],
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
) -> list[Node]:
    """What the filter finds in one project, in these experiments or in all when none."""
    parts = divided(metrics, parse_filter(run_set.text), as_of=as_of)
    active = Condition("lifecycle", Operator.EQ, "active")
    conditions: list[Clause[NodeStatement]] = [active, *parts.store]
    if experiment_ids:
        conditions.append(Condition("experiment_id", Operator.IN, experiment_ids))
    query = NodeQuery(project, NodeKind.RUN, tuple(conditions), limit=MAX_RUNS + 1)
    if not parts.others:
        return list(graph.find(query, as_of=as_of))
    found = graph.find_ids(replace(query, limit=None), as_of=as_of)
    kept = satisfying(graph, metrics, found, parts.others, as_of=as_of)
    return list(graph.nodes(kept[: MAX_RUNS + 1], as_of=as_of).values())


def _experiment_ids(
    asked: Sequence[str], project: str, graph: GraphReader, as_of: int
) -> dict[str, AttributeValue]:
    """The ids of those experiments, given by name or id, that the project has."""
    found: dict[AttributeValue, AttributeValue] = {}
    if asked:
        for attribute in ("name", "experiment_id"):
            condition = Condition(attribute, Operator.IN, tuple(asked))
            query = NodeQuery(project, NodeKind.EXPERIMENT, (condition,))
            for node in graph.find(query, as_of=as_of):
                found[node.attributes[attribute]] = node.attributes["experiment_id"]
    return {experiment: found[experiment] for experiment in asked if experiment in found}
