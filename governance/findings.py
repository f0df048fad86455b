"""What machine-readable reports say of a rule: the numbers and the digests that they rest on."""

from collections.abc import Iterator

from domain.canonical import JsonObject, JsonValue, canonical_digest
from domain.verdict import RuleStatus, Severity
from governance.statement import RuleClaim, Statement, as_json


def evidence_of(statement: Statement, verdict_id: str, seq: int | None) -> JsonObject:
    """Which verdict, policy and ledger position: enough to find and to prove it."""
    return {
        "verdict": verdict_id,
        "leafIndex": seq,
        "statementDigest": canonical_digest(as_json(statement)),
        "policy": statement["policy"]["name"],
        "policyDigest": statement["policy"]["digest"],
        "treeSize": statement["as_of"]["tree_size"],
        "rootHash": statement["as_of"]["root_hash"],
        "candidate": list(statement["subject"]["run_ids"]),
        "baseline": list(statement["baseline"]["run_ids"]) if statement["baseline"] else [],
    }


def numbers_of(rule: RuleClaim) -> dict[str, JsonValue]:
    """What was measured, as decimal text; only what there is."""
    numbers: dict[str, JsonValue] = {}
    delta, limit = rule["delta"], rule["limit"]
    if delta is not None:
        interval = delta["interval"]
        numbers |= {
            "oriented": delta["oriented"],
            "margin": delta["margin"],
            "low": interval["low"] if interval else None,
            "high": interval["high"] if interval else None,
            "p": delta["p"],
            "pAdjusted": delta["p_adjusted"],
        }
        for side in ("baseline", "candidate"):
            moments = delta["baseline"] if side == "baseline" else delta["candidate"]
            if moments is not None:
                numbers |= {f"{side}Mean": moments["mean"], f"{side}N": moments["n"]}
    if limit is not None:
        numbers |= {"min": limit["min"], "max": limit["max"], "worst": limit["worst"]}
    return {name: value for name, value in numbers.items() if value is not None}


def stops(rule: RuleClaim) -> bool:
    """Whether the finding is one that may stop the run: not a pass, and of severity block."""
    good = (RuleStatus.PASS, RuleStatus.WARN, RuleStatus.WAIVED)
    return rule["severity"] == Severity.BLOCK and rule["status"] not in good


def every_rule(statement: Statement) -> Iterator[RuleClaim]:
    """The rules, those made of others before their parts."""
    for rule in statement["rules"]:
        yield from _with_parts(rule)


def _with_parts(rule: RuleClaim) -> Iterator[RuleClaim]:
    yield rule
    for part in rule.get("parts", ()):
        yield from _with_parts(part)
