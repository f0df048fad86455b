"""Asks a gate: publish, read, judge, record.

1. publish the ledger: a verdict reads only what a signed checkpoint covers, never pending entries;
   where waivers are recorded, witness the time first, so that their end is held against an `at` of
   the ledger that is not older than the question;
2. bring the projections up to it; everything after is read as of that position;
3. take the policy in force there, resolve both sides, compare, judge;
4. record the verdict, unless it is a dry run or the very same verdict stands recorded;
5. publish again, so that a proof of it exists;
6. put under quarantine what the verdict calls for.

A verdict's id follows from the caller's idempotency key, or else from what it says about everything
but its position: asking again when nothing that it rests on has changed gives the recorded verdict,
late data gives a new one.
"""

from collections.abc import Callable
from typing import cast

import structlog

from analytics.facts import SummaryReader
from domain.canonical import JsonObject
from domain.errors import ConflictError, ErrorCode, UsageError
from domain.ids import derived_id
from domain.verdict import VERDICT_RECORDED
from governance.declared_policy import DeclaredPolicy
from governance.evidence import gather_evidence
from governance.gate_request import GateRequest
from governance.judged_evidence import judged_evidence
from governance.position import witnessed_position
from governance.quarantine import Keeper
from governance.triggers import triggered
from governance.verdict import VerdictRecord, find_verdict, recorded_payload, verdict_key
from governance.verdict_id import verdict_id_of
from governance.verdict_statement import verdict_statement
from graph.port import GraphReader
from ledger.entry import Draft
from ledger.log import Log

logger = structlog.get_logger()


def evaluate_gate(
    request: GateRequest,
    *,
    log: Log,
    graph: GraphReader,
    metrics: SummaryReader,
    catch_up: Callable[[], int],
    project: str,
    actor: str = "",
    source: str,
    declared: DeclaredPolicy | None = None,
) -> VerdictRecord:
    """The verdict on a request, recorded in the ledger unless it is a dry run.

    With ``declared``, that policy is tried instead of the one in force; only a dry run may do so.
    ``catch_up`` brings ``graph`` and ``metrics`` up to the ledger and returns how far. Raises
    ``NotFoundError`` (unknown policy or run, empty candidate), ``ConflictError``
    (IDEMPOTENCY_CONFLICT), ``StaleError``, and whatever ledger and stores raise. A failed gate is
    an answer, not an error.
    """
    if declared is not None and not request.dry_run:
        raise UsageError("A policy that is not in force can only be tried in a dry run.")
    checkpoint, at = witnessed_position(
        log, graph, catch_up, project=project, source=source, may_write=not request.dry_run
    )
    recorded = _recorded_under_key(request, graph, project)
    if recorded is not None:
        return recorded
    evidence = gather_evidence(
        request,
        project=project,
        graph=graph,
        metrics=metrics,
        as_of=checkpoint.size,
        declared=declared,
        at=at,
    )
    judgement = judged_evidence(evidence)
    statement = verdict_statement(evidence, judgement, checkpoint.root)
    verdict = VerdictRecord(verdict_id_of(request, project, statement), statement, None)
    if not request.dry_run:
        verdict = _record(verdict, request, log, graph, catch_up, project, actor, source)
        keeper = Keeper(log, graph, catch_up, project, source, actor)
        keeper.hold_all(triggered(judgement.results, evidence.candidate.run_ids))
    logger.info(
        "gate.evaluated",
        policy=request.policy,
        verdict=verdict.verdict_id,
        outcome=verdict.outcome.value,
        seq=verdict.seq,
        as_of=checkpoint.size,
        dry_run=request.dry_run,
        replayed=verdict.replayed,
    )
    return verdict


def _recorded_under_key(
    request: GateRequest, graph: GraphReader, project: str
) -> VerdictRecord | None:
    """The verdict that this idempotency key stands for; a conflict when it answered another."""
    if request.idempotency_key is None:
        return None
    verdict_id = derived_id("verdict", project, "key", request.idempotency_key)
    found = find_verdict(graph, project, verdict_id)
    if found is None:
        return None
    if found.statement["request"] != request.document():
        raise ConflictError(
            "This idempotency key was used for another gate request.",
            code=ErrorCode.IDEMPOTENCY_CONFLICT,
            hint="Use a fresh key for a fresh question.",
            context={"verdict": verdict_id},
        )
    return _given_again(found)


def _record(
    verdict: VerdictRecord,
    request: GateRequest,
    log: Log,
    graph: GraphReader,
    catch_up: Callable[[], int],
    project: str,
    actor: str,
    source: str,
) -> VerdictRecord:
    found = find_verdict(graph, project, verdict.verdict_id)
    if found is not None:
        return _given_again(found)
    payload = recorded_payload(verdict.verdict_id, verdict.statement)
    draft = Draft(
        type=VERDICT_RECORDED,
        project=project,
        actor=actor,
        source=source,
        idem=verdict_key(verdict.verdict_id),
        payload=cast("JsonObject", payload),
    )
    try:
        (receipt,) = log.append([draft])
    except ConflictError:
        # Somebody asked the same at the same time and was recorded first, at another position.
        catch_up()
        found = _recorded_under_key(request, graph, project) or find_verdict(
            graph, project, verdict.verdict_id
        )
        if found is None:
            raise
        return _given_again(found)
    log.publish()
    catch_up()
    return VerdictRecord(verdict.verdict_id, verdict.statement, receipt.seq, receipt.repeated)


def _given_again(found: VerdictRecord) -> VerdictRecord:
    logger.info("verdict.repeated", verdict=found.verdict_id, seq=found.seq)
    return VerdictRecord(found.verdict_id, found.statement, found.seq, replayed=True)
