"""A verdict as SARIF 2.1.0 (OASIS), for code scanning."""

from typing import Final

from domain.canonical import JsonObject, JsonValue
from domain.verdict import RuleStatus, Severity
from governance.findings import evidence_of, numbers_of
from governance.inert import visible
from governance.statement import RuleClaim, Statement

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION: Final = "2.1.0"
POLICY_FILE: Final = "lineproof.yaml"
"""Where results are shown: a gate is about runs, and this file is what asked."""


def sarif_report(statement: Statement, verdict_id: str, seq: int | None) -> JsonObject:
    """One run with one result for each rule."""
    evidence = evidence_of(statement, verdict_id, seq)
    rules: list[JsonValue] = [
        {
            "id": rule["id"],
            "name": rule["kind"],
            "shortDescription": {"text": f"{rule['kind']} rule {visible(rule['id'])}"},
            "properties": {"severity": rule["severity"]},
        }
        for rule in statement["rules"]
    ]
    results: list[JsonValue] = [
        _result(statement, rule, index, evidence) for index, rule in enumerate(statement["rules"])
    ]
    driver: JsonObject = {"name": "Lineproof", "version": "0.1.0", "rules": rules}
    run: JsonObject = {
        "tool": {"driver": driver},
        "results": results,
        "properties": {"outcome": statement["outcome"], **evidence},
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _result(statement: Statement, rule: RuleClaim, index: int, evidence: JsonObject) -> JsonObject:
    kind, level = _kind(rule)
    runs: list[JsonValue] = [
        {"name": run, "kind": "resource"} for run in statement["subject"]["run_ids"][:100]
    ]
    location: JsonObject = {
        "physicalLocation": {"artifactLocation": {"uri": POLICY_FILE}, "region": {"startLine": 1}},
        "logicalLocations": runs,
    }
    return {
        "ruleId": rule["id"],
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": {"text": f"{rule['status']}: {visible(rule['message'])}"},
        "locations": [location],
        "partialFingerprints": {"lineproof/policy/rule": f"{evidence['policy']}/{rule['id']}"},
        "properties": {"status": rule["status"], **numbers_of(rule), **evidence},
    }


def _kind(rule: RuleClaim) -> tuple[str, str]:
    status = rule["status"]
    if status == RuleStatus.PASS:
        return "pass", "none"
    if status == RuleStatus.WAIVED:
        return "informational", "none"
    if rule["severity"] == Severity.INFO:
        return "fail", "note"
    if status == RuleStatus.WARN or rule["severity"] == Severity.WARN:
        return "fail", "warning"
    return "fail", "error"
