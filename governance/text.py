"""A verdict for a terminal."""

from collections.abc import Sequence

from governance.inert import visible
from governance.rendering import (
    MAX_CAUSES,
    bounds_of,
    checks_of,
    delta_of,
    effects_of,
    hints_of,
    margin_of,
    registration_of,
    samples_of,
    side_of,
    verify_commands,
)
from governance.statement import Statement
from governance.verdict import VerdictRecord

_HEADS = ("rule", "status", "severity", "delta", "bounds", "margin", "runs", "finding")


def text_report(verdict: VerdictRecord) -> str:
    """The verdict as plain text, in the order of design §9; ends with a newline."""
    statement = verdict.statement
    lines = [_headline(statement), _comparability(statement), ""]
    lines += _table(_HEADS, [_row(statement, index) for index in range(len(statement["rules"]))])
    lines += _causes(statement)
    lines += [f"Hint: {visible(hint)}" for hint in hints_of(statement)]
    lines += ["", *_footer(verdict)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _headline(statement: Statement) -> str:
    name = visible(statement["policy"]["name"])
    return f"{statement['outcome']}  {name}: {visible(statement['reason'])}"


def _comparability(statement: Statement) -> str:
    comparability = statement["comparability"]
    if comparability is None:
        return "Comparability: nothing was compared"
    return f"Comparability: {comparability['level']} ({checks_of(comparability)})"


def _row(statement: Statement, index: int) -> tuple[str, ...]:
    rule = statement["rules"][index]
    return (
        visible(rule["id"]),
        rule["status"],
        rule["severity"],
        delta_of(rule),
        bounds_of(rule),
        margin_of(rule),
        samples_of(rule),
        visible(rule["message"]),
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (heads, *rows)
    ]


def _causes(statement: Statement) -> list[str]:
    causes = statement["causes"]
    lines = ["", "What changed upstream"] if causes or statement["unexplained"] else []
    for cause in causes[:MAX_CAUSES]:
        lines.append(f"  {visible(cause['label'])}: {visible(effects_of(cause)) or cause['facet']}")
    if len(causes) > MAX_CAUSES:
        lines.append(f"  and {len(causes) - MAX_CAUSES} more")
    for item in statement["unexplained"]:
        lines.append(f"  {visible(item['metric'])} is UNEXPLAINED: {visible(item['reason'])}")
    return lines


def _footer(verdict: VerdictRecord) -> list[str]:
    statement = verdict.statement
    candidate, baseline = side_of(statement, "candidate"), side_of(statement, "baseline")
    lines = [
        f"Candidate: {candidate}; baseline: {baseline}",
        f"Policy {statement['policy']['digest']}, {registration_of(statement)}",
    ]
    size = statement["as_of"]["tree_size"]
    if verdict.seq is None:
        return [*lines, f"Dry run as of tree size {size}: nothing was recorded"]
    again = ", given again" if verdict.replayed else ""
    return [
        *lines,
        f"Verdict {verdict.verdict_id}, leaf {verdict.seq}, as of tree size {size}{again}",
        "Check it:",
        *(f"  {command}" for command in verify_commands(verdict.verdict_id, verdict.seq)),
    ]
