"""Verdicts as the application gives them: one JSON form for HTTP, files and the command line.

::

    {"id", "outcome", "blocking", "reason", "exitCode",   what was found
     "leafIndex", "entry",                                where it is recorded; null on a dry run
     "replayed",                                          true when the question was asked before
     "statement",                                         the claim itself
     "text", "markdown"}                                  the claim for people
"""

from typing import TYPE_CHECKING

from domain.canonical import JsonObject, JsonValue, canonical_bytes
from domain.verdict import Outcome
from governance.evaluate import evaluate_gate
from governance.exit_code import exit_code_of
from governance.explain import explanation
from governance.gate_request import gate_request_from_json
from governance.in_toto import PAYLOAD_TYPE
from governance.markdown import markdown_report
from governance.produced import products
from governance.request_reader import object_of, required_text
from governance.statement import as_json
from governance.text import text_report
from governance.verdict import VerdictRecord, require_verdict
from governance.vsa import verification_summary

if TYPE_CHECKING:
    from lineproof.services import Services


def judge(services: "Services", request: JsonValue, *, project: str, source: str) -> JsonObject:
    """The verdict on a gate request (``governance.gate_request``), recorded unless a dry run.

    ``source`` is the door that the request came through.
    """
    verdict = evaluate_gate(
        gate_request_from_json(request),
        log=services.log,
        graph=services.graph,
        metrics=services.metrics,
        catch_up=services.catch_up,
        project=project,
        source=source,
    )
    return answer(services, verdict)


def recorded(services: "Services", verdict_id: str, *, project: str) -> JsonObject:
    """A recorded verdict; ``NotFoundError`` when the project has none of that id."""
    size = services.catch_up()
    verdict = require_verdict(services.graph, project, verdict_id, as_of=size)
    return answer(services, verdict)


def explain(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"text"}``: the recorded verdict ``id`` told in sentences."""
    verdict_id = required_text(object_of(arguments, "the request", ("id",)), "id", limit=200)
    size = services.catch_up()
    verdict = require_verdict(services.graph, project, verdict_id, as_of=size)
    return {"text": explanation(verdict)}


def summary(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """The recorded verdict ``id`` as a SLSA VSA in a DSSE envelope, signed by the log's key."""
    verdict_id = required_text(object_of(arguments, "the request", ("id",)), "id", limit=200)
    size = services.catch_up()
    verdict = require_verdict(services.graph, project, verdict_id, as_of=size)
    runs = verdict.statement["subject"]["run_ids"]
    seq = verdict.seq or 0
    (entry,) = services.log.read(seq, seq + 1)
    statement = verification_summary(
        verdict,
        products(services.graph, runs, as_of=seq),
        origin=services.log.origin,
        at=entry.at,
    )
    return services.log.attest(PAYLOAD_TYPE, canonical_bytes(statement))


def answer(services: "Services", verdict: VerdictRecord) -> JsonObject:
    """The JSON form of a verdict."""
    statement = as_json(verdict.statement)
    return {
        "id": verdict.verdict_id,
        **shown_beside(statement),
        "leafIndex": verdict.seq,
        "entry": _entry(services, verdict.seq),
        "replayed": verdict.replayed,
        "statement": statement,
        "text": text_report(verdict),
        "markdown": markdown_report(verdict),
    }


def shown_beside(statement: JsonObject) -> JsonObject:
    """What stands beside a statement and follows from it."""
    return {
        "outcome": statement["outcome"],
        "blocking": statement["blocking"],
        "reason": statement["reason"],
        "exitCode": exit_code_of(Outcome(str(statement["outcome"]))),
    }


def _entry(services: "Services", seq: int | None) -> str | None:
    """The canonical bytes that the ledger records, as text: what a proof is about."""
    if seq is None:
        return None
    (entry,) = services.log.read(seq, seq + 1)
    return entry.data.decode("utf-8")
