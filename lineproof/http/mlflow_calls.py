"""MLflow's calls, each as one function from a request's fields to its answer.

A write is judged against everything recorded before it, under the locks of what it touches, and
then appended; different runs go side by side, so that their entries share one commit. A read first
catches up, so that a client sees its own writes.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import structlog

from domain.errors import UsageError
from graph.ahead import GraphAhead
from graph.model import NodeKind, node_id
from graph.port import GraphReader, NodeQuery
from ingest.facets import PARENT_TAG
from ingest.mlflow.experiments import default_experiment, experiment_id_of
from ingest.mlflow.fields import Fields
from ingest.mlflow.state import checked_experiment_id
from ingest.mlflow.write import Planned, Write
from lineproof.http.checked_blobs import CheckedBlobs
from lineproof.http.mlflow_bodies import (
    Body,
    experiment_body,
    page_body,
    point_body,
    run_body,
    run_info_body,
)
from lineproof.http.new_project import new_project
from lineproof.http.striped_locks import StripedLocks
from resolvers.mlflow_experiments import (
    ExperimentSearch,
    experiment_by_name,
    get_experiment,
    search_experiments,
)
from resolvers.mlflow_history import HistoryQuestion, SeriesHeld, metric_history
from resolvers.mlflow_runs import INFO_NAMES, MlflowRun, get_run, unlinked_run
from resolvers.mlflow_sample import SampleQuestion, sampled_points, steps_between
from resolvers.mlflow_search import RunSearch, ViewType, search_runs

if TYPE_CHECKING:
    from lineproof.services import Services

_VIEWS = {1: ViewType.ACTIVE_ONLY, 2: ViewType.DELETED_ONLY, 3: ViewType.ALL}
"""``ViewType`` of MLflow's service.proto."""

MAX_RUNS_IN_BULK = 100
MAX_POINTS_IN_BULK = 25_000
MAX_POINTS_IN_SAMPLE = 2_500
"""Of each run."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the door hands it on."""

    project: str
    idem: str
    body: Fields


@dataclass(frozen=True, slots=True)
class Tracking:
    """The tracking service over an open data folder."""

    services: "Services"
    _locks: StripedLocks = field(default_factory=StripedLocks)
    held: SeriesHeld = field(default_factory=SeriesHeld)
    _begun: set[str] = field(default_factory=set[str])
    """Projects that are known to have their Default experiment."""
    checked_blobs: CheckedBlobs = field(init=False)
    _ahead: GraphAhead = field(init=False)

    def __post_init__(self) -> None:
        services = self.services
        ahead = GraphAhead(services.log, services.graph, services.catch_up_graph)
        object.__setattr__(self, "_ahead", ahead)
        object.__setattr__(self, "checked_blobs", CheckedBlobs(self.services.log.blobs))

    def record(self, call: Call, plan: "Plan", names: Collection[str]) -> str:
        """Judge and append one write; the id of what it is about.

        The first one of a project records its Default experiment, too.
        """
        locks = [f"{call.project}/{name}" for name in names]
        with self._locks.hold(locks):
            is_new = self._is_new(call.project)
            graph = self._new_project(call.project) if is_new else self._ahead
            self._ahead.advance()
            planned = plan(Write(call.project, call.idem, graph), call.body)
            drafts = planned.drafts
            if is_new:
                drafts = (default_experiment(call.project), *drafts)
            if drafts:
                self.services.log.append(drafts)
        self._begun.add(call.project)
        log.info(
            "run.ingested",
            project=call.project,
            subject=planned.subject,
            entries=[draft.type for draft in planned.drafts][:10],
        )
        return planned.subject

    def record_name(self, call: Call, plan: "Plan", names: Collection[str]) -> str:
        """As ``record``, for what gives an experiment its name: other doors make experiments, too,
        and a name is one experiment's."""
        with self.services.judging:
            return self.record(call, plan, names)

    def see(self) -> int:
        """Catch up; the tree size that reads see."""
        return self.services.catch_up()

    def see_graph(self) -> int:
        """As ``see``, for reads of the graph alone."""
        return self.services.catch_up_graph()

    def ahead(self) -> GraphAhead:
        """The graph as of everything committed, for reads of nodes."""
        self._ahead.advance()
        return self._ahead

    def experiments(self, project: str) -> GraphReader:
        """Where the project's experiments stand, for reads of them; call ``see_graph`` first."""
        return self._new_project(project) if self._is_new(project) else self.services.graph

    def _new_project(self, project: str) -> GraphReader:
        return new_project(project, self.services.clock.now_ms())

    def _is_new(self, project: str) -> bool:
        """Whether nothing stands in the project; what another door began has a Default experiment
        after this."""
        if project in self._begun:
            return False
        self.services.catch_up_graph()
        query = NodeQuery(project, NodeKind.EXPERIMENT, limit=1)
        if not self.services.graph.find_ids(query):
            return True
        self.services.log.append([default_experiment(project)])
        self._begun.add(project)
        return False


Plan: TypeAlias = Callable[[Write, Fields], Planned]
Operation: TypeAlias = Callable[[Tracking, Call], Body]


def run_write(plan: Plan) -> Operation:
    """A write about one run; answers nothing."""

    def operation(tracking: Tracking, call: Call) -> Body:
        tracking.record(call, plan, _run_locks(call.body))
        return {}

    return operation


def experiment_write(plan: Plan) -> Operation:
    """A write about one experiment; answers nothing."""

    def operation(tracking: Tracking, call: Call) -> Body:
        names = [f"experiment/{experiment_id_of(call.body)}"]
        if call.body.has("new_name"):
            names.append(f"name/{call.body.text('new_name')}")
            tracking.record_name(call, plan, names)
        else:
            tracking.record(call, plan, names)
        return {}

    return operation


def experiment_creation(plan: Plan) -> Operation:
    """A write that makes an experiment; answers its id."""

    def operation(tracking: Tracking, call: Call) -> Body:
        names = [f"name/{call.body.text('name')}"]
        return {"experiment_id": tracking.record_name(call, plan, names)}

    return operation


def run_creation(plan: Plan) -> Operation:
    """A write that starts a run; answers the run. Nobody else knows its id: no lock is needed."""

    def operation(tracking: Tracking, call: Call) -> Body:
        run_id = tracking.record(call, plan, ())
        return {"run": run_body(_unlinked(tracking, call, run_id))}

    return operation


def input_write(plan: Plan) -> Operation:
    """A write about what a run used; whoever logs a version first says what is known of it."""

    def operation(tracking: Tracking, call: Call) -> Body:
        datasets = [one.object("dataset") for one in call.body.objects("datasets")]
        names = [f"dataset/{one.text('name')}/{one.text('digest')}" for one in datasets]
        tracking.record(call, plan, [*_run_locks(call.body), *names])
        return {}

    return operation


def run_update(plan: Plan) -> Operation:
    """A write about one run that answers the run's info."""

    def operation(tracking: Tracking, call: Call) -> Body:
        run_id = tracking.record(call, plan, _run_locks(call.body))
        return {"run_info": run_info_body(_unlinked(tracking, call, run_id, INFO_NAMES))}

    return operation


def read_run(tracking: Tracking, call: Call) -> Body:
    """``runs/get``."""
    return {"run": run_body(_run(tracking, call, call.body.run_id()))}


def find_runs(tracking: Tracking, call: Call) -> Body:
    """``runs/search``."""
    body = call.body
    limit = body.integer("max_results")
    search = RunSearch(
        project=call.project,
        experiment_ids=tuple(checked_experiment_id(one) for one in body.texts("experiment_ids")),
        filter=body.text("filter"),
        view=_view(body, "run_view_type"),
        order_by=body.texts("order_by"),
        max_results=1000 if limit is None else limit,
        page_token=body.text("page_token"),
    )
    services = tracking.services
    found = search_runs(services.graph, services.metrics, search, visible=tracking.see())
    return page_body("runs", [run_body(run) for run in found.runs], found.next_page_token)


def read_history(tracking: Tracking, call: Call) -> Body:
    """``metrics/get-history``."""
    question = HistoryQuestion(
        project=call.project,
        run_id=call.body.run_id(),
        key=call.body.required("metric_key"),
        max_results=call.body.integer("max_results"),
        page_token=call.body.text("page_token"),
    )
    services = tracking.services
    found = metric_history(
        services.graph,
        services.metrics,
        question,
        visible=tracking.see(),
        held=tracking.held,
    )
    points = [point_body(point) for point in found.points]
    return page_body("metrics", points, found.next_page_token)


def read_histories(tracking: Tracking, call: Call) -> Body:
    """``metrics/get-history-bulk``: one metric of many runs; unknown ones say nothing."""
    run_ids = call.body.texts("run_id")
    if not run_ids or len(run_ids) > MAX_RUNS_IN_BULK:
        raise UsageError(
            f"A GetMetricHistoryBulk request names 1 to {MAX_RUNS_IN_BULK} run ids, "
            f"not {len(run_ids)}."
        )
    key = call.body.required("metric_key")
    limit = call.body.integer("max_results")
    size = min(MAX_POINTS_IN_BULK if limit is None else limit, MAX_POINTS_IN_BULK)
    visible = tracking.see()
    services = tracking.services
    points: list[Body] = []
    for run_id in sorted(set(_known_runs(tracking, call, run_ids))):
        question = HistoryQuestion(call.project, run_id, key, max_results=size)
        found = metric_history(
            services.graph, services.metrics, question, visible=visible, held=tracking.held
        )
        points += [{**point_body(point), "run_id": run_id} for point in found.points]
    return {"metrics": points[:size]}


def read_samples(tracking: Tracking, call: Call) -> Body:
    """``metrics/get-history-bulk-interval``: one metric of many runs, evenly sampled; unknown runs
    say nothing."""
    body = call.body
    run_ids = body.texts("run_ids")
    if not run_ids or len(run_ids) > MAX_RUNS_IN_BULK:
        raise UsageError(
            f"GetMetricHistoryBulkInterval request must specify 1 to {MAX_RUNS_IN_BULK} run_ids. "
            f"Received {len(run_ids)} run_ids."
        )
    key = body.required("metric_key")
    limit = body.integer("max_results")
    size = MAX_POINTS_IN_SAMPLE if limit is None else limit
    if not 1 <= size <= MAX_POINTS_IN_SAMPLE:
        raise UsageError(f"max_results must be between 1 and {MAX_POINTS_IN_SAMPLE}.")
    steps = steps_between(body.integer("start_step"), body.integer("end_step"))
    visible = tracking.see()
    points: list[Body] = []
    for run_id in _known_runs(tracking, call, run_ids):
        question = SampleQuestion(run_id, key, size, steps)
        found = sampled_points(tracking.services.metrics, question, visible, tracking.held)
        points += [{**point_body(point), "run_id": run_id} for point in found]
    return page_body("metrics", points, "")


def read_experiment(tracking: Tracking, call: Call) -> Body:
    """``experiments/get``."""
    experiment_id = experiment_id_of(call.body)
    tracking.see_graph()
    experiments = tracking.experiments(call.project)
    found = get_experiment(experiments, project=call.project, experiment_id=experiment_id)
    return {"experiment": experiment_body(found)}


def read_experiment_by_name(tracking: Tracking, call: Call) -> Body:
    """``experiments/get-by-name``."""
    name = call.body.required("experiment_name")
    tracking.see_graph()
    found = experiment_by_name(tracking.experiments(call.project), project=call.project, name=name)
    return {"experiment": experiment_body(found)}


def find_experiments(tracking: Tracking, call: Call) -> Body:
    """``experiments/search``."""
    body = call.body
    search = ExperimentSearch(
        project=call.project,
        max_results=body.integer("max_results") or 0,
        filter=body.text("filter"),
        view=_view(body, "view_type"),
        order_by=body.texts("order_by"),
        page_token=body.text("page_token"),
    )
    visible = tracking.see_graph()
    found = search_experiments(tracking.experiments(call.project), search, visible=visible)
    experiments = [experiment_body(one) for one in found.experiments]
    return page_body("experiments", experiments, found.next_page_token)


def _known_runs(tracking: Tracking, call: Call, run_ids: Collection[str]) -> list[str]:
    """Those of the project, in their order."""
    ids = {run_id: node_id(NodeKind.RUN, run_id) for run_id in run_ids}
    nodes = tracking.services.graph.nodes(sorted(ids.values()), names=())
    return [
        run_id
        for run_id, node in ids.items()
        if node in nodes and nodes[node].project == call.project
    ]


def _run(tracking: Tracking, call: Call, run_id: str) -> MlflowRun:
    tracking.see()
    services = tracking.services
    return get_run(services.graph, services.metrics, project=call.project, run_id=run_id)


def _unlinked(
    tracking: Tracking, call: Call, run_id: str, names: Collection[str] | None = None
) -> MlflowRun:
    graph = tracking.ahead()
    return unlinked_run(graph, project=call.project, run_id=run_id, names=names)


def _run_locks(body: Fields) -> list[str]:
    """The run's own; and one for all where a parent is named, for cycles close over many runs."""
    names = [f"run/{body.run_id()}"]
    tags = [body, *body.objects("tags")]
    if any(tag.raw("key") == PARENT_TAG for tag in tags):
        names.append("parents")
    return names


def _view(body: Fields, name: str) -> ViewType:
    value = body.raw(name)
    if value is None:
        return ViewType.ACTIVE_ONLY
    if isinstance(value, str) and value in ViewType.__members__:
        return ViewType(value)
    number = body.integer(name)
    if number not in _VIEWS:
        raise body.wrong(name, f"It must be one of {', '.join(ViewType)}.")
    return _VIEWS[number]
