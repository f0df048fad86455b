"""Governance work that time or late data make due: closures that grew, waivers that ended, passing
verdicts whose runs are held by now.

What is due is a pure function of the ledger's prefix and the policies in it; the schedule's seed is
the tree's root there. The schedule stands in the ledger before the first task; every task reads as
of its position; results are committed in schedule order, however many workers there are and
whichever is ready first. A sweep that was killed is taken up where it ended. Several processes may
sweep one ledger: only one schedule comes after another, and a task is committed once.
"""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast

import structlog

from analytics.facts import SummaryReader
from domain.canonical import JsonObject
from domain.errors import ConflictError, LineproofError
from domain.quarantine import QUARANTINE_PROPAGATED
from domain.schedule import (
    SCHEDULE_COMMITTED,
    TASK_COMMITTED,
    ScheduleCommitted,
    TaskCommitted,
    TaskState,
)
from domain.strict_json import parse_json_object
from domain.verdict import VERDICT_RECORDED, Outcome
from domain.waiver import WAIVER_EXPIRED
from governance.closure import closure_of
from governance.evidence import gather_evidence
from governance.gate_request import gate_request_from_document
from governance.holds import active_holds, holds_over
from governance.judged_evidence import judged_evidence
from governance.position import witnessed_position
from governance.schedule import Schedule, Task, scheduled
from governance.verdict import recorded_payload, require_verdict
from governance.verdict_id import verdict_id_of
from governance.verdict_statement import verdict_statement
from governance.waiver_force import recorded_waivers
from graph.model import EdgeType, NodeKind, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from ledger.entry import Draft
from ledger.log import Log

logger = structlog.get_logger()

RECENT_VERDICTS: Final = 200
"""Passing verdicts, the latest first, that are looked at again."""
PROPAGATE, EXPIRE, EVALUATE = "propagate", "expire", "evaluate"
_PRIORITY: Final = {EXPIRE: 2, PROPAGATE: 1, EVALUATE: 0}

Found: TypeAlias = tuple[JsonObject, tuple[str, str, JsonObject] | None]
"""What a task says, and the entry (type, idempotency key, payload) that follows from it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule with what its tasks read."""

    schedule: Schedule
    position: int
    at: int | None
    done: int = 0
    """Tasks that are committed already."""


Work: TypeAlias = Callable[[Plan, Task], Found]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Governance work of one project."""

    log: Log
    graph: GraphReader
    metrics: SummaryReader
    catch_up: Callable[[], int]
    project: str
    source: str
    work: Work | None = None
    """What does a task; None for ``Sweep.perform`` at the plan's position."""
    committed: list[TaskCommitted] = field(default_factory=list[TaskCommitted])

    def run(self, *, workers: int = 1) -> Plan | None:
        """Do what is due, or what a killed sweep left; None when nothing is."""
        plan = self.unfinished() or self._begin()
        if plan is None:
            return None
        tasks = plan.schedule.tasks
        failed = self._failed(plan)

        def work(task: Task) -> Found:
            return self.work(plan, task) if self.work else self.perform(plan, task)

        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="sweep") as pool:
            futures = [pool.submit(work, task) for task in tasks[plan.done :]]
            for index, future in enumerate(futures, plan.done):
                if not self._commit(plan, index, future, failed):
                    failed.add(tasks[index].id)
        self.log.publish()
        self.catch_up()
        return plan

    def due(self, position: int, at: int | None) -> list[Task]:
        """The tasks that are due as of a position, in no order."""
        tasks = [
            *(_task(EXPIRE, waiver) for waiver in self._ended(position, at)),
            *(_task(PROPAGATE, root) for root in self._grown(position)),
        ]
        before = tuple(sorted(task.id for task in tasks))
        tasks += [_task(EVALUATE, each, before) for each in self._overtaken(position, at)]
        return tasks

    def unfinished(self) -> Plan | None:
        """The schedule that a killed sweep left open."""
        self.catch_up()
        query = NodeQuery(
            self.project, NodeKind.SCHEDULE, (Condition("state", Operator.EQ, "open"),)
        )
        for node in self.graph.find(query):
            document = parse_json_object(str(node.attributes["document"]).encode("utf-8"))
            at = int(node.attributes["at"])
            return Plan(
                schedule_of(document),
                int(node.attributes["position"]),
                at or None,
                int(node.attributes["done"]),
            )
        return None

    def perform(self, plan: Plan, task: Task) -> Found:
        """Do one task, reading as of the plan's position; writes nothing."""
        kind, _, subject = task.id.partition("/")
        if kind == EXPIRE:
            payload: JsonObject = {"waiver_id": subject, "reason": "its time is over"}
            return {}, (WAIVER_EXPIRED, f"waiver/{subject}/expired", payload)
        if kind == PROPAGATE:
            closure = cast("JsonObject", closure_of(self.graph, subject, as_of=plan.position))
            idem = f"propagated/{subject}/{plan.position}"
            return closure, (QUARANTINE_PROPAGATED, idem, closure)
        return self._evaluate(plan, subject)

    def _evaluate(self, plan: Plan, verdict_id: str) -> Found:
        earlier = require_verdict(self.graph, self.project, verdict_id, as_of=plan.position)
        request = gate_request_from_document(earlier.statement["request"])
        evidence = gather_evidence(
            request,
            project=self.project,
            graph=self.graph,
            metrics=self.metrics,
            as_of=plan.position,
            at=plan.at,
        )
        judgement = judged_evidence(evidence)
        root = base64.b64decode(plan.schedule.seed)
        statement = verdict_statement(evidence, judgement, root)
        new_id = verdict_id_of(request, self.project, statement)
        payload = cast("JsonObject", recorded_payload(new_id, statement))
        said: JsonObject = {"verdict_id": new_id, "outcome": judgement.outcome.value}
        return said, (VERDICT_RECORDED, f"verdict/{new_id}", payload)

    def _begin(self) -> Plan | None:
        checkpoint, at = witnessed_position(
            self.log,
            self.graph,
            self.catch_up,
            project=self.project,
            source=self.source,
            may_write=True,
        )
        if started := self.unfinished():
            return started  # Somebody planned since we looked; what is due waits for its end.
        seed = base64.b64encode(checkpoint.root).decode("ascii")
        schedule = scheduled(self.due(checkpoint.size, at), seed)
        if not schedule.tasks:
            return None
        payload: ScheduleCommitted = {
            "digest": schedule.digest(),
            "schedule": schedule.document(),
            "position": checkpoint.size,
            "at": at or 0,
        }
        # One schedule comes after each: whoever else planned at the same moment takes this one up.
        idem = f"schedule/after/{self._last(checkpoint.size)}"
        try:
            self.log.append([self._draft(SCHEDULE_COMMITTED, idem, cast("JsonObject", payload))])
        except ConflictError:
            logger.info("schedule.repeated", digest=schedule.digest())
            return self.unfinished()
        logger.info("schedule.committed", digest=schedule.digest(), tasks=len(schedule.tasks))
        return Plan(schedule, checkpoint.size, at)

    def _commit(self, plan: Plan, index: int, future: "Future[Found]", failed: set[str]) -> bool:
        """Commit the task at its place; whether it is done."""
        task = plan.schedule.tasks[index]
        digest = plan.schedule.digest()
        follows: tuple[str, str, JsonObject] | None = None
        said: JsonObject = {}
        state = TaskState.DONE
        try:
            said, follows = future.result()
        except LineproofError as error:
            state, said = TaskState.FAILED, {"code": error.code.value, "message": error.message}
        if failed.intersection(task.needs):
            state, said, follows = TaskState.SKIPPED, {}, None
        payload: TaskCommitted = {
            "schedule": digest,
            "index": index,
            "task": task.id,
            "state": state.value,
            "result": said,
            "last": index + 1 == len(plan.schedule.tasks),
        }
        drafts = [self._draft(*follows)] if follows else []
        own = self._draft(TASK_COMMITTED, f"task/{digest}/{index}", cast("JsonObject", payload))
        if not self._append(plan, index, drafts, own):
            return self._state(digest, index) == TaskState.DONE.value
        self.committed.append(payload)
        logger.info("task.committed", task=task.id, index=index, state=state.value)
        return state is TaskState.DONE

    def _append(self, plan: Plan, index: int, follows: list[Draft], own: Draft) -> bool:
        """Commit a task with what follows from it; False when another process did it otherwise."""
        try:
            self.log.append([*follows, own])
        except ConflictError:
            if self._state(plan.schedule.digest(), index) is not None:
                return False
            # What follows was recorded before by somebody else, such as a gate: it stands.
            self.log.append([own])
        return True

    def _state(self, digest: str, index: int) -> str | None:
        """How a task of a schedule was committed; None while it is not."""
        self.catch_up()
        node = node_id(NodeKind.SCHEDULE, f"{self.project}/{digest}")
        state = self.graph.nodes([node])[node].attributes.get(f"states.{index}")
        return None if state is None else str(state)

    def _failed(self, plan: Plan) -> set[str]:
        """Of the tasks that are committed already, those that are not done."""
        digest = plan.schedule.digest()
        return {
            task.id
            for index, task in enumerate(plan.schedule.tasks[: plan.done])
            if self._state(digest, index) != TaskState.DONE.value
        }

    def _last(self, position: int) -> str:
        """The schedule before the one that is planned at ``position``; empty for the first."""
        query = NodeQuery(self.project, NodeKind.SCHEDULE, descending=True, limit=1)
        found = self.graph.find(query, as_of=position)
        return str(found[0].attributes["digest"]) if found else ""

    def _draft(self, kind: str, idem: str, payload: JsonObject) -> Draft:
        return Draft(kind, self.project, "", self.source, idem, payload)

    def _ended(self, position: int, at: int | None) -> Iterator[str]:
        if at is not None:
            for waiver in recorded_waivers(self.graph, self.project, as_of=position):
                if waiver.state == "submitted" and waiver.document["expires"] <= at:
                    yield waiver.waiver_id

    def _grown(self, position: int) -> Iterator[str]:
        for hold in active_holds(self.graph, self.project, as_of=position, at=None):
            closure = closure_of(self.graph, hold.root, as_of=position)
            if closure["closure_digest"] != hold.closure_digest:
                yield hold.root

    def _overtaken(self, position: int, at: int | None) -> Iterator[str]:
        """Passing verdicts over runs that are held by now: the latest over the same runs only."""
        holds = active_holds(self.graph, self.project, as_of=position, at=at)
        blocking = [hold for hold in holds if hold.blocks]
        if not blocking:
            return
        query = NodeQuery(self.project, NodeKind.VERDICT, descending=True, limit=RECENT_VERDICTS)
        verdicts = self.graph.find(query, as_of=position)
        edges = self.graph.outgoing(
            [node.id for node in verdicts], types=[EdgeType.JUDGED], as_of=position
        )
        judged = {
            verdict: frozenset(edge.target for edge in found if edge.role == "candidate")
            for verdict, found in edges.items()
        }
        runs = {run for found in judged.values() for run in found}
        held = holds_over(self.graph, blocking, runs, as_of=position)
        seen: set[tuple[str, frozenset[str]]] = set()
        for node in verdicts:
            question = (str(node.attributes["policy_name"]), judged[node.id])
            passed = node.attributes["outcome"] in (Outcome.PASS, Outcome.WARN)
            if question not in seen and passed and judged[node.id] & set(held):
                yield str(node.attributes["verdict_id"])
            seen.add(question)


def _task(kind: str, subject: str, needs: tuple[str, ...] = ()) -> Task:
    return Task(f"{kind}/{subject}", needs, _PRIORITY[kind])


def schedule_of(document: JsonObject) -> Schedule:
    """The schedule that ``Schedule.document`` wrote; in the order in which it stands."""
    tasks = cast("list[JsonObject]", document["tasks"])
    return Schedule(
        seed=str(document["seed"]),
        tasks=tuple(
            Task(
                str(task["id"]),
                tuple(str(need) for need in cast("list[str]", task["needs"])),
                int(str(task["priority"])),
            )
            for task in tasks
        ),
    )
