"""Asking a gate."""

from typing import Annotated, TypeAlias

import strawberry

from domain.canonical import JsonValue
from domain.errors import LineproofError
from governance.evaluate import evaluate_gate
from governance.gate_request import GateRequest, gate_request_from_json
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.types.problem import (
    Conflict,
    InvalidRequest,
    NotFound,
    Problem,
    Unavailable,
    problem_of,
)
from schema.types.run_set import RunSetInput, run_set_document
from schema.types.verdict import Verdict, verdict_of

_SOURCE = "graphql"


@strawberry.input(description="Where the question comes from, in the caller's own words.")
class CiInput:
    """Where the question comes from."""

    repository: str | None = strawberry.field(default=None, description="Recorded, never judged.")
    commit: str | None = strawberry.field(default=None, description="Recorded, never judged.")
    merge_base: str | None = strawberry.field(
        default=None, description="The commit that a policy with `merge_base` compares with."
    )
    pull_request: str | None = strawberry.field(default=None, description="Recorded, never judged.")
    url: str | None = strawberry.field(default=None, description="Recorded, never judged.")


@strawberry.input(description="May the candidate ship under the policy?")
class EvaluateGateInput:
    """May the candidate ship under the policy?"""

    policy: str = strawberry.field(description="Name of the policy in force.")
    candidate: RunSetInput = strawberry.field(description="The runs to judge.")
    baseline: RunSetInput | None = strawberry.field(
        default=None, description="What to hold them against; null for the policy's own rule."
    )
    ci: CiInput | None = strawberry.field(
        default=None, description="Where the question comes from."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and question give the same verdict."
    )
    dry_run: bool = strawberry.field(default=False, description="Judge and record nothing.")


EvaluateGateResult: TypeAlias = Annotated[
    Verdict | NotFound | InvalidRequest | Conflict | Unavailable,
    strawberry.union(
        "EvaluateGateResult",
        description="The verdict, whatever it found, or why there is none.",
    ),
]


@strawberry.type
class GateMutation:
    """Asking a gate."""

    @resolved("Judges the candidate and records the verdict. A failed gate is an answer.")
    def evaluate_gate(
        self,
        info: LineproofInfo,
        input: Annotated[  # noqa: A002 - the argument's name in the API
            EvaluateGateInput, strawberry.argument(description="The question.")
        ],
    ) -> EvaluateGateResult:
        ports = info.context.ports
        try:
            record = evaluate_gate(
                gate_request_of(input),
                log=ports.log,
                graph=ports.graph,
                metrics=ports.metrics,
                catch_up=ports.catch_up,
                project=info.context.project,
                source=_SOURCE,
            )
        except LineproofError as error:
            return _problem(error)
        return verdict_of(record, ports.catch_up())


def gate_request_of(given: EvaluateGateInput) -> GateRequest:
    """The question as ``POST /gate`` takes it; ``UsageError`` when it is not valid."""
    body: dict[str, JsonValue] = {
        "policy": given.policy,
        "candidate": run_set_document(given.candidate),
        "baseline": None if given.baseline is None else run_set_document(given.baseline),
        "ci": None if given.ci is None else _ci_document(given.ci),
        "idempotencyKey": given.idempotency_key,
        "dryRun": given.dry_run,
    }
    return gate_request_from_json(body)


def _ci_document(given: CiInput) -> dict[str, JsonValue]:
    return {
        "repository": given.repository,
        "commit": given.commit,
        "mergeBase": given.merge_base,
        "pullRequest": given.pull_request,
        "url": given.url,
    }


def _problem(error: LineproofError) -> EvaluateGateResult:
    """The error as a member of the result; raises it again when it is the server's own."""
    problem: Problem | None = problem_of(error)
    if isinstance(problem, NotFound | InvalidRequest | Conflict | Unavailable):
        return problem
    raise error
