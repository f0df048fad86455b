"""Verdicts."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import strawberry

from domain.verdict import Outcome
from governance.exit_code import exit_code_of
from governance.markdown import markdown_report
from governance.statement import RunSetClaim, Statement
from governance.verdict import VerdictRecord, verdict_proof
from resolvers import policies, verdicts
from schema.context import LineproofInfo, RequestContext
from schema.global_ids import global_id
from schema.resolved import resolved
from schema.scalars import BigInt, Json
from schema.types.cause import CauseType, UnexplainedDelta, claimed_cause
from schema.types.comparability import ComparabilityType, claimed_comparability
from schema.types.connection import Connection, page_info
from schema.types.ledger_entry import LedgerProof, ledger_proof_of
from schema.types.ledger_point import LedgerPoint
from schema.types.node import NodeInterface
from schema.types.policy import Policy, policy_of
from schema.types.rule_result import RuleResult, rule_result_of
from schema.types.run import Run, load_runs


@strawberry.type(description="The policy version that a verdict was reached under.")
class VerdictPolicy:
    """The policy version that a verdict was reached under."""

    name: str = strawberry.field(description="Its name.")
    digest: str = strawberry.field(description="Its identity.")
    leaf_index: BigInt = strawberry.field(description="The entry that put it in force.")
    preregistered: bool = strawberry.field(
        description="Whether it was in the ledger before the first entry of every candidate run."
    )
    as_of: strawberry.Private[int]

    @resolved("The policy itself.")
    def document(self, info: LineproofInfo) -> Policy | None:
        found = policies.version(
            info.context.ports.graph,
            project=info.context.project,
            name=self.name,
            digest=self.digest,
            as_of=self.as_of,
        )
        return policy_of(found) if found else None


@strawberry.type(description="One side of a verdict.")
class VerdictRuns:
    """One side of a verdict."""

    selected_by: str = strawberry.field(
        description="How the runs were chosen: `runs`, `group`, `filter`, `pinned`, `last_passing`."
    )
    fingerprint: str | None = strawberry.field(
        description="The run group's digest when all runs are of one group."
    )
    commit: str | None = strawberry.field(
        description="The commit that the caller named; null for a baseline."
    )
    run_ids: list[str] = strawberry.field(description="The runs' MLflow ids, ordered.")
    elsewhere: strawberry.Private[Sequence[str]]
    """Projects in which the request had the runs looked for, besides the verdict's own."""
    as_of: strawberry.Private[int]

    @resolved("The runs, by first entry.")
    async def runs(self, info: LineproofInfo) -> list[Run]:
        within = [info.context.project, *self.elsewhere]
        return await load_runs(info.context, tuple(self.run_ids), self.as_of, within=within)


@strawberry.type(description="The decision mathematics, kept callable for ever.")
class Analysis:
    """The decision mathematics."""

    id: str = strawberry.field(description="Its name.")
    version: str = strawberry.field(description="Its version.")


@strawberry.type(
    description="May the candidate ship? A pure function of policy, runs, position and analysis."
)
class Verdict(NodeInterface):
    """May the candidate ship?"""

    verdict_id: str = strawberry.field(description="The id that the CLI knows.")
    outcome: Outcome = strawberry.field(description="What was found.")
    blocking: bool = strawberry.field(description="Whether the candidate must not ship on it.")
    reason: str = strawberry.field(description="The finding that decided, in one sentence.")
    exit_code: int = strawberry.field(
        description="0 pass or warn, 1 failed, 3 cannot judge: what `lineproof gate` exits with."
    )
    replayed: bool = strawberry.field(
        description="Whether this very verdict was recorded before and is given again."
    )
    analysis: Analysis = strawberry.field(description="What mathematics decided.")
    record: strawberry.Private[VerdictRecord]
    as_of: strawberry.Private[int]

    @resolved("The verdict as a pull request comment.")
    def markdown(self) -> str:
        return markdown_report(self.record)

    @resolved("Everything that the ledger records of it, as JSON.")
    def statement(self) -> Json:
        return Json(self._statement)

    @resolved("The policy version that it was reached under.")
    def policy(self) -> VerdictPolicy:
        claim = self._statement["policy"]
        return VerdictPolicy(
            name=claim["name"],
            digest=claim["digest"],
            leaf_index=BigInt(claim["leaf_index"]),
            preregistered=claim["preregistered"],
            as_of=self.as_of,
        )

    @resolved("The candidate runs that were judged.")
    def subject(self) -> VerdictRuns:
        return _runs(self._statement["subject"], self.as_of, commit=_commit(self._statement))

    @resolved("What they were held against; null when there was nothing.")
    def baseline(self) -> VerdictRuns | None:
        claim = self._statement["baseline"]
        if claim is None:
            return None
        return _runs(claim, self.as_of, elsewhere=_baseline_projects(self._statement))

    @resolved("The ledger position that the evidence was read at.")
    def evidence(self) -> LedgerPoint:
        return LedgerPoint(tree_size=BigInt(self._statement["as_of"]["tree_size"]))

    @resolved("Whether the sides may be compared; null without a baseline.")
    def comparability(self) -> ComparabilityType | None:
        claim = self._statement["comparability"]
        return None if claim is None else claimed_comparability(claim)

    @resolved("One result for each rule, in the policy's order.")
    def rules(self) -> list[RuleResult]:
        return [rule_result_of(claim) for claim in self._statement["rules"]]

    @resolved("What differs upstream, the nearest first.")
    def causes(
        self,
        first: Annotated[
            int | None, strawberry.argument(description="Only so many; null for all.")
        ] = None,
    ) -> list[CauseType]:
        return [claimed_cause(claim) for claim in self._statement["causes"][:first]]

    @resolved("Deltas beyond noise with no recorded cause.")
    def unexplained(self) -> list[UnexplainedDelta]:
        return [
            UnexplainedDelta(metric=claim["metric"], reason=claim["reason"])
            for claim in self._statement["unexplained"]
        ]

    @resolved("That it stands in the ledger; null for a dry run.")
    def proof(self, info: LineproofInfo) -> LedgerProof | None:
        if self.record.seq is None:
            return None
        return ledger_proof_of(verdict_proof(info.context.ports.log, self.record.seq))

    @property
    def _statement(self) -> Statement:
        return self.record.statement


def verdict_of(record: VerdictRecord, as_of: int) -> Verdict:
    """The GraphQL object of ``record``, whose runs are read at ``as_of``."""
    name, _, version = record.statement["analysis"].rpartition("/")
    return Verdict(
        id=strawberry.ID(global_id("Verdict", record.verdict_id)),
        verdict_id=record.verdict_id,
        outcome=record.outcome,
        blocking=record.blocking,
        reason=record.statement["reason"],
        exit_code=exit_code_of(record.outcome),
        replayed=record.replayed,
        analysis=Analysis(id=name, version=version),
        record=record,
        as_of=as_of,
    )


def verdict_connection(
    context: RequestContext, *, policy: str | None, first: int, after: str | None, as_of: int
) -> Connection[Verdict]:
    """A page of the project's verdicts."""
    graph, project = context.ports.graph, context.project
    page = verdicts.page(
        graph, project=project, policy=policy, first=first, after=after, as_of=as_of
    )
    return Connection(
        nodes=[verdict_of(record, as_of) for record in page.items],
        page_info=page_info(page, after=after),
        cursors=page.cursors,
        count=lambda: verdicts.count(graph, project=project, policy=policy, as_of=as_of),
    )


def _runs(
    claim: RunSetClaim, as_of: int, *, commit: str | None = None, elsewhere: Sequence[str] = ()
) -> VerdictRuns:
    return VerdictRuns(
        selected_by=claim["selected_by"],
        fingerprint=claim["fingerprint"],
        commit=commit,
        run_ids=claim["run_ids"],
        elsewhere=elsewhere,
        as_of=as_of,
    )


def _baseline_projects(statement: Statement) -> list[str]:
    """Where the request had its baseline looked for; empty for the verdict's own project."""
    asked = statement["request"].get("baseline")
    projects = asked.get("projects") if isinstance(asked, Mapping) else None
    return [str(each) for each in projects] if isinstance(projects, list | tuple) else []


def _commit(statement: Statement) -> str | None:
    ci = statement["request"].get("ci")
    commit = ci.get("commit") if isinstance(ci, Mapping) else None
    return commit if isinstance(commit, str) else None
