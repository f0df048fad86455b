"""What a caller asks of a gate: the body of ``POST /gate`` and the input of ``evaluateGate``."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.canonical import JsonObject, JsonValue
from governance.named_artifact import NamedArtifact, named_artifacts
from governance.request_reader import (
    flag_member,
    object_of,
    refused,
    required_text,
    text_member,
)
from governance.run_set import RunSet, run_set_document, run_set_from_json

_MEMBERS = ("policy", "candidate", "baseline", "artifacts", "ci", "idempotencyKey", "dryRun")
_CI = {"repository": 500, "commit": 100, "mergeBase": 100, "pullRequest": 100, "url": 2000}
"""Members of ``ci`` and the most characters of each."""


@dataclass(frozen=True, slots=True)
class CiContext:
    """Where the question came from, in the caller's own words; recorded, never judged.

    But for ``merge_base``: the commit whose runs a policy with ``merge_base`` compares with.
    """

    repository: str | None = None
    commit: str | None = None
    merge_base: str | None = None
    pull_request: str | None = None
    url: str | None = None

    def document(self) -> JsonObject:
        """The members that were given."""
        members = {
            "repository": self.repository,
            "commit": self.commit,
            "merge_base": self.merge_base,
            "pull_request": self.pull_request,
            "url": self.url,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class GateRequest:
    """May ``candidate`` ship under ``policy``?"""

    policy: str
    candidate: RunSet
    baseline: RunSet | None = None
    """Overrides the policy's own baseline rule, and the verdict says so."""
    artifacts: tuple[NamedArtifact, ...] = ()
    """Files that are to ship, as they are now; each must be what a candidate run produced."""
    ci: CiContext | None = None
    idempotency_key: str | None = None
    dry_run: bool = False
    """Judge and record nothing."""

    def document(self) -> JsonObject:
        """What was asked, as the verdict's statement keeps it: enough to ask it again."""
        document: dict[str, JsonValue] = {
            "policy": self.policy,
            "candidate": run_set_document(self.candidate),
        }
        if self.baseline is not None:
            document["baseline"] = run_set_document(self.baseline)
        if self.artifacts:
            document["artifacts"] = [
                {"name": item.name, "digest": item.digest} for item in self.artifacts
            ]
        if self.ci is not None:
            document["ci"] = self.ci.document()
        return document


def gate_request_from_json(body: JsonValue) -> GateRequest:
    """The request in ``body``; ``UsageError`` (INVALID_ARGUMENT) for anything unknown or absent."""
    fields = object_of(body, "the request", _MEMBERS)
    if fields.get("candidate") is None:
        raise refused("'candidate' is missing", 'Add {"candidate": {"runs": ["<run id>"]}}.')
    baseline, ci = fields.get("baseline"), fields.get("ci")
    return GateRequest(
        policy=required_text(fields, "policy", limit=100),
        candidate=_candidate(fields["candidate"]),
        baseline=None if baseline is None else run_set_from_json(baseline, "baseline"),
        artifacts=named_artifacts(fields.get("artifacts")),
        ci=None if ci is None else _ci(ci),
        idempotency_key=text_member(fields, "idempotencyKey", limit=200),
        dry_run=flag_member(fields, "dryRun"),
    )


def gate_request_from_document(document: JsonObject) -> GateRequest:
    """The request that ``GateRequest.document`` wrote into a statement."""
    ci = document.get("ci")
    renamed = {"merge_base": "mergeBase", "pull_request": "pullRequest"}
    fields = dict(document)
    if isinstance(ci, Mapping):
        fields["ci"] = {renamed.get(name, name): value for name, value in ci.items()}
    return gate_request_from_json(fields)


def _candidate(value: JsonValue) -> RunSet:
    candidate = run_set_from_json(value, "candidate")
    if candidate.projects:
        raise refused(
            "the candidate of a gate names projects",
            "A gate judges the runs of its own project: ask it there. A baseline may be elsewhere.",
        )
    return candidate


def _ci(value: JsonValue) -> CiContext:
    fields = object_of(value, "ci", _CI)
    texts = {name: text_member(fields, name, limit=limit) for name, limit in _CI.items()}
    return CiContext(
        repository=texts["repository"],
        commit=texts["commit"],
        merge_base=texts["mergeBase"],
        pull_request=texts["pullRequest"],
        url=texts["url"],
    )
