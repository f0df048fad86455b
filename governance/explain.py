"""A verdict told in sentences: what was asked, what each rule found, what would change it."""

from domain.verdict import Outcome, RuleStatus
from governance.inert import visible
from governance.rendering import (
    bounds_of,
    checks_of,
    effects_of,
    registration_of,
    short,
    side_of,
    signed,
)
from governance.statement import RuleClaim, Statement
from governance.verdict import VerdictRecord

_MEANS = {
    Outcome.PASS: "It may ship.",
    Outcome.WARN: "It may ship; read the warnings.",
    Outcome.FAIL: "It must not ship.",
    Outcome.INCONCLUSIVE: "It must not ship on this verdict: there is not enough to judge it by.",
    Outcome.ERROR: "It must not ship on this verdict: the policy could not be applied.",
}


def explanation(verdict: VerdictRecord) -> str:
    """Plain text; ends with a newline."""
    statement = verdict.statement
    policy = statement["policy"]
    lines = [
        f"{statement['outcome']}. {_MEANS[verdict.outcome]}",
        f"Decided by: {visible(statement['reason'])}",
        f"Asked: may {side_of(statement, 'candidate')} ship under the policy "
        f"{visible(policy['name'])!r} ({policy['digest']}), {registration_of(statement)}?",
        f"Held against: {side_of(statement, 'baseline')}.",
        _comparability(statement),
        "",
    ]
    for rule in statement["rules"]:
        lines += _rule(rule)
    lines += _causes(statement)
    position = statement["as_of"]["tree_size"]
    lines += [
        "",
        f"Only what the ledger's first {position} entries said was read. The same policy, runs, "
        f"position and analysis ({statement['analysis']}) give this verdict again.",
    ]
    return "\n".join(lines) + "\n"


def _comparability(statement: Statement) -> str:
    comparability = statement["comparability"]
    if comparability is None:
        return "Nothing was compared."
    return f"May the two sides be compared? {comparability['level']}: {checks_of(comparability)}."


def _rule(rule: RuleClaim) -> list[str]:
    lines = [
        f"Rule {visible(rule['id'])} ({rule['kind']}, severity {rule['severity']}): "
        f"{rule['status']}. {visible(rule['message'])}"
    ]
    delta, limit = rule["delta"], rule["limit"]
    if delta is not None and delta["oriented"] is not None:
        interval = delta["interval"]
        bounds = (
            f", within [{signed(interval['low'])}, {signed(interval['high'])}]" if interval else ""
        )
        lines.append(
            f"  The candidate is {signed(delta['oriented'])} (positive is better){bounds}; it may "
            f"be worse by {short(delta['margin'])}."
        )
    if limit is not None and limit["worst"] is not None:
        lines.append(
            f"  The worst value is {short(limit['worst'])}, of the run "
            f"{visible(limit['worst_run'] or '?')}; {limit['violations']} outside "
            f"{bounds_of(rule)}."
        )
    if rule["hint"]:
        lines.append(f"  To do: {visible(rule['hint'])}")
    samples = rule["samples"]
    if rule["status"] == RuleStatus.INCONCLUSIVE and samples and samples["need"] is not None:
        lines.append(
            f"  {samples['need']} runs a side would settle it; there are {samples['have']}."
        )
    return lines


def _causes(statement: Statement) -> list[str]:
    lines: list[str] = []
    for cause in statement["causes"]:
        lines.append(
            f"Changed upstream: {visible(cause['label'])} "
            f"({visible(effects_of(cause)) or cause['facet']})."
        )
    for item in statement["unexplained"]:
        lines.append(f"{visible(item['metric'])} is unexplained: {visible(item['reason'])}")
    return ["", *lines] if lines else []
