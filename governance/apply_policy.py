"""Declares the policies of a document in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import structlog

from domain.canonical import JsonObject
from domain.verdict import POLICY_APPLIED, PolicyApplied
from governance.declared_policy import find_policy
from governance.policy import Policy, PolicyDocument
from graph.port import GraphReader
from ledger.entry import Draft
from ledger.log import Log

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One policy of the document held against the one in force."""

    name: str
    digest: str
    previous: str | None
    """Digest of the version in force; None when the name is new."""
    draft: Draft | None
    """What to append; None when the policy is in force as it stands."""


def apply_policies(
    document: PolicyDocument,
    *,
    graph: GraphReader,
    as_of: int,
    project: str,
    actor: str,
    source: str,
) -> tuple[PolicyChange, ...]:
    """The document held against what is in force at ``as_of``, with the drafts that it needs.

    Nothing is written here; ``record_policies`` does that.
    """
    return tuple(
        _change(policy, graph=graph, as_of=as_of, project=project, actor=actor, source=source)
        for policy in document.policies.values()
    )


def record_policies(changes: Sequence[PolicyChange], *, ledger: Log) -> Mapping[str, int]:
    """Append what changed, all or nothing: policy name to the leaf that put it in force."""
    changed = [(change, change.draft) for change in changes if change.draft is not None]
    receipts = ledger.append([draft for _, draft in changed])
    leaves: dict[str, int] = {}
    for (change, _), receipt in zip(changed, receipts, strict=True):
        leaves[change.name] = receipt.seq
        log.info(
            "policy.applied",
            policy=change.name,
            digest=change.digest,
            previous=change.previous,
            leaf_index=receipt.seq,
        )
    return leaves


def _change(
    policy: Policy, *, graph: GraphReader, as_of: int, project: str, actor: str, source: str
) -> PolicyChange:
    declared = find_policy(graph, project, policy.name, as_of=as_of)
    previous = declared.digest if declared else None
    digest = policy.digest()
    if previous == digest:
        return PolicyChange(policy.name, digest, previous, None)
    payload: PolicyApplied = {"name": policy.name, "digest": digest, "document": policy.document()}
    # The position before makes the key: going back to an older version is a new application.
    before = declared.leaf_index if declared else "none"
    draft = Draft(
        type=POLICY_APPLIED,
        project=project,
        actor=actor,
        source=source,
        idem=f"policy/{policy.name}/{before}/{digest}",
        payload=cast("JsonObject", payload),
    )
    return PolicyChange(policy.name, digest, previous, draft)
