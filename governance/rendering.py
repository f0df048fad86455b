"""What every rendering of a verdict says, in the words and the order of design §9."""

from domain.verdict import Outcome
from governance.statement import CauseClaim, ComparabilityClaim, RuleClaim, Statement

MAX_CAUSES = 5
"""How many upstream differences stand above the fold."""


def short(number: str | None) -> str:
    """A decimal text with four significant digits; ``–`` when there is none."""
    return "–" if number is None else f"{float(number):.4g}"


def signed(number: str | None) -> str:
    """Like ``short``, with its sign."""
    return "–" if number is None else f"{float(number):+.4g}"


def delta_of(rule: RuleClaim) -> str:
    """The oriented delta, or the worst value of a limit rule."""
    if rule["delta"] is not None:
        return signed(rule["delta"]["oriented"])
    return short(rule["limit"]["worst"]) if rule["limit"] is not None else "–"


def bounds_of(rule: RuleClaim) -> str:
    """The interval of a delta rule, or the allowed range of a limit rule."""
    if rule["limit"] is not None:
        return f"[{short(rule['limit']['min'])}, {short(rule['limit']['max'])}]"
    interval = rule["delta"]["interval"] if rule["delta"] is not None else None
    return "–" if interval is None else f"[{signed(interval['low'])}, {signed(interval['high'])}]"


def margin_of(rule: RuleClaim) -> str:
    """The margin in the metric's unit."""
    return "–" if rule["delta"] is None else short(rule["delta"]["margin"])


def samples_of(rule: RuleClaim) -> str:
    """``have``, or ``have of need`` when more are wanted."""
    samples = rule["samples"]
    if samples is None:
        return "–"
    need = samples["need"]
    return str(samples["have"]) if need is None else f"{samples['have']} of {need}"


def effects_of(cause: CauseClaim) -> str:
    """Which metrics may be blamed on it, and how firmly: ``SOLE for accuracy``."""
    return ", ".join(
        f"{effect['attribution']}"
        + (f"({effect['confounders']})" if effect["attribution"] == "CONFOUNDED" else "")
        + f" for {effect['metric']}"
        for effect in cause["effects"]
    )


def checks_of(comparability: ComparabilityClaim) -> str:
    """``EVAL_DATA VERIFIED, EVAL_CODE UNKNOWN``."""
    return ", ".join(f"{check['facet']} {check['level']}" for check in comparability["checks"])


def hints_of(statement: Statement) -> list[str]:
    """What to do about it: the distinct hints of rules and checks, in order."""
    hints = [rule["hint"] for rule in statement["rules"]]
    if statement["comparability"] is not None:
        hints += [check["hint"] for check in statement["comparability"]["checks"]]
    return [hint for hint in dict.fromkeys(hints) if hint]


def registration_of(statement: Statement) -> str:
    """Whether the policy was there before the result."""
    policy = statement["policy"]
    when = "declared before" if policy["preregistered"] else "declared after"
    return f"{when} the first candidate run (leaf {policy['leaf_index']})"


def side_of(statement: Statement, side: str) -> str:
    """``10 runs (last_passing)``."""
    claim = statement["subject"] if side == "candidate" else statement["baseline"]
    if claim is None:
        return "none"
    count = len(claim["run_ids"])
    return f"{count} run{'' if count == 1 else 's'} ({claim['selected_by']})"


def verify_commands(verdict_id: str, seq: int) -> list[str]:
    """What proves the verdict offline, from whoever asks."""
    return [
        f"lineproof verdict show {verdict_id} --format json > verdict.json",
        f"lineproof ledger prove {seq} > verdict.tlog-proof",
        "lineproof gate verify verdict.json --proof verdict.tlog-proof --key PINNED_KEY",
    ]


SIGNS = {
    Outcome.PASS: "✅",
    Outcome.WARN: "⚠️",
    Outcome.FAIL: "❌",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.ERROR: "❌",
}
