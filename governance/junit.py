"""A verdict as JUnit XML, for test reports: what cannot be judged is an error, never skipped."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from domain.canonical import JsonValue
from domain.verdict import RuleStatus
from governance.findings import evidence_of, numbers_of, stops
from governance.inert import visible
from governance.statement import RuleClaim, Statement


def junit_report(statement: Statement, verdict_id: str, seq: int | None) -> str:
    """One suite named after the policy, one case for each rule; ends with a newline."""
    rules = statement["rules"]
    failures = sum(stops(rule) and rule["status"] == RuleStatus.FAIL for rule in rules)
    errors = sum(stops(rule) for rule in rules) - failures
    skipped = sum(rule["status"] == RuleStatus.WAIVED for rule in rules)
    name = _attribute(f"lineproof.{statement['policy']['name']}")
    counts = f'tests="{len(rules)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    evidence = evidence_of(statement, verdict_id, seq)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {counts}>",
        f"  <testsuite name={name} {counts}>",
        "    <properties>",
        f'      <property name="outcome" value={_attribute(statement["outcome"])}/>',
    ]
    lines += [
        f"      <property name={_attribute(key)} value={_attribute(_flat(value))}/>"
        for key, value in evidence.items()
    ]
    lines.append("    </properties>")
    for rule in rules:
        lines += _case(statement["policy"]["name"], rule)
    return "\n".join([*lines, "  </testsuite>", "</testsuites>"]) + "\n"


def _case(policy: str, rule: RuleClaim) -> list[str]:
    head = f"classname={_attribute(f'lineproof.{policy}')} name={_attribute(rule['id'])}"
    numbers = "\n".join(f"{name}: {value}" for name, value in numbers_of(rule).items())
    said = f"{rule['status']}: {visible(rule['message'])}"
    body = f"<system-out>{escape(f'{said} {numbers}'.strip())}</system-out>"
    if stops(rule):
        kind = "failure" if rule["status"] == RuleStatus.FAIL else "error"
        body = (
            f"<{kind} type={_attribute(rule['status'])} message={_attribute(said)}>"
            f"{escape(numbers)}</{kind}>"
        )
    elif rule["status"] == RuleStatus.WAIVED:
        body = f"<skipped message={_attribute(said)}/>"
    return [f"    <testcase {head}>", f"      {body}", "    </testcase>"]


def _attribute(text: str) -> str:
    return quoteattr(visible(text))


def _flat(value: JsonValue) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)
