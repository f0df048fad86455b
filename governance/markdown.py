"""A verdict as a comment on a pull request."""

import re
from collections.abc import Sequence

from governance.inert import markdown_code, markdown_text
from governance.rendering import (
    MAX_CAUSES,
    SIGNS,
    bounds_of,
    checks_of,
    delta_of,
    effects_of,
    hints_of,
    margin_of,
    registration_of,
    samples_of,
    short,
    side_of,
    signed,
    verify_commands,
)
from governance.statement import MetricRow, RuleClaim, Statement
from governance.verdict import VerdictRecord

_RULE_HEADS = (
    "Rule",
    "Status",
    "Severity",
    "Δ (better > 0)",
    "Bounds",
    "Margin",
    "Runs",
    "Finding",
)
_METRIC_HEADS = ("Metric", "State", "Baseline", "Candidate", "Δ raw")
MAX_METRICS = 100


def markdown_report(verdict: VerdictRecord) -> str:
    """The verdict as GitHub-flavoured Markdown, in the order of design §9.

    It starts with a marker comment that names policy and subject, so that a later verdict can
    replace this comment. All names are inert text.
    """
    statement = verdict.statement
    lines = [marker(statement), _headline(verdict), "", _comparability(statement), ""]
    lines += _table(_RULE_HEADS, [_rule_row(rule) for rule in statement["rules"]])
    lines += _causes(statement)
    lines += ["", "<details><summary>All metrics, proof, and how to check it</summary>", ""]
    lines += _table(_METRIC_HEADS, [_metric_row(row) for row in statement["metrics"][:MAX_METRICS]])
    if len(statement["metrics"]) > MAX_METRICS:
        lines += ["", f"and {len(statement['metrics']) - MAX_METRICS} more metrics"]
    lines += ["", *_proof(verdict), "", "</details>"]
    return "\n".join(lines) + "\n"


def marker(statement: Statement) -> str:
    """``<!-- lineproof:gate/<policy>/<subject> -->``.

    The subject is the pull request, else the commit, else the first candidate run.
    """
    ci = statement["request"].get("ci")
    subject = statement["subject"]["run_ids"][0] if statement["subject"]["run_ids"] else "none"
    if isinstance(ci, dict):
        subject = str(ci.get("pull_request") or ci.get("commit") or subject)
    return f"<!-- lineproof:gate/{_plain(statement['policy']['name'])}/{_plain(subject)} -->"


def _plain(text: str) -> str:
    """No sequence that could end an HTML comment."""
    return re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._#-]", "_", text)).strip("-")


def _headline(verdict: VerdictRecord) -> str:
    statement = verdict.statement
    return (
        f"### {SIGNS[verdict.outcome]} {verdict.outcome}: "
        f"{markdown_code(statement['policy']['name'])} {markdown_text(statement['reason'])}"
    )


def _comparability(statement: Statement) -> str:
    comparability = statement["comparability"]
    line = "**Comparability**: nothing was compared."
    if comparability is not None:
        checks = markdown_text(checks_of(comparability))
        line = f"**Comparability**: {comparability['level']} ({checks})."
    return " ".join([line, *(f"To do: {markdown_code(hint)}" for hint in hints_of(statement)[:1])])


def _rule_row(rule: RuleClaim) -> tuple[str, ...]:
    return (
        markdown_code(rule["id"]),
        f"**{rule['status']}**" if rule["status"] != "PASS" else rule["status"],
        rule["severity"],
        delta_of(rule),
        bounds_of(rule),
        margin_of(rule),
        samples_of(rule),
        markdown_text(rule["message"]),
    )


def _metric_row(row: MetricRow) -> tuple[str, ...]:
    means = (
        "–" if side is None else f"{short(side['mean'])} (n={side['n']})"
        for side in (row["baseline"], row["candidate"])
    )
    return (markdown_code(row["metric"]["name"]), row["state"], *means, signed(row["raw"]))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    return [
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _causes(statement: Statement) -> list[str]:
    causes, unexplained = statement["causes"], statement["unexplained"]
    lines = ["", "**What changed upstream**", ""] if causes or unexplained else []
    for cause in causes[:MAX_CAUSES]:
        effects = effects_of(cause) or cause["facet"]
        lines.append(f"- {markdown_code(cause['label'])}: {markdown_text(effects)}")
    if len(causes) > MAX_CAUSES:
        lines.append(f"- and {len(causes) - MAX_CAUSES} more")
    for item in unexplained:
        name, reason = markdown_code(item["metric"]), markdown_text(item["reason"])
        lines.append(f"- {name} is UNEXPLAINED: {reason}")
    return lines


def _proof(verdict: VerdictRecord) -> list[str]:
    statement = verdict.statement
    as_of = statement["as_of"]
    lines = [
        f"- Candidate: {side_of(statement, 'candidate')}; "
        f"baseline: {side_of(statement, 'baseline')}",
        f"- Policy {markdown_code(statement['policy']['digest'])}, {registration_of(statement)}",
        f"- Judged as of tree size {as_of['tree_size']}, root {markdown_code(as_of['root_hash'])}, "
        f"by {markdown_code(statement['analysis'])}",
    ]
    if verdict.seq is None:
        return [*lines, "- Dry run: nothing was recorded"]
    return [
        *lines,
        f"- Verdict {markdown_code(verdict.verdict_id)}, leaf {verdict.seq}",
        "",
        "```sh",
        *verify_commands(verdict.verdict_id, verdict.seq),
        "```",
    ]
