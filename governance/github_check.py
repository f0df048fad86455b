"""A verdict as the body of GitHub's "create a check run" (REST, 2022-11-28)."""

from collections.abc import Mapping
from typing import Final

from domain.canonical import JsonObject
from domain.errors import UsageError
from domain.verdict import Outcome
from governance.inert import visible
from governance.statement import Statement

CONCLUSIONS: Final[Mapping[Outcome, str]] = {
    Outcome.PASS: "success",
    Outcome.WARN: "success",
    Outcome.FAIL: "failure",
    Outcome.INCONCLUSIVE: "action_required",
    Outcome.ERROR: "action_required",
}
"""Nothing that cannot be judged is ``neutral``: required checks would let that pass."""
SUMMARY_LIMIT: Final = 65_535
"""GitHub's limit of a summary in characters; held in bytes of UTF-8, which are never fewer."""
TITLE_LIMIT: Final = 250


def github_check(statement: Statement, verdict_id: str, markdown: str) -> JsonObject:
    """The payload; ``UsageError`` when the question named no commit, which a check is about."""
    ci = statement["request"].get("ci")
    commit = ci.get("commit") if isinstance(ci, Mapping) else None
    if not isinstance(commit, str):
        raise UsageError(
            "A check is about a commit, and the gate was told none.",
            hint="Ask with --ci-commit.",
        )
    outcome = Outcome(statement["outcome"])
    return {
        "name": f"lineproof/{visible(statement['policy']['name'])}",
        "head_sha": commit,
        "status": "completed",
        "conclusion": CONCLUSIONS[outcome],
        "external_id": verdict_id,
        "output": {
            "title": f"{outcome}: {visible(statement['reason'])}"[:TITLE_LIMIT],
            "summary": _within_limit(markdown, verdict_id),
        },
    }


def _within_limit(markdown: str, verdict_id: str) -> str:
    """The report, whole or cut after a line, with the command that prints it all."""
    if len(markdown.encode()) <= SUMMARY_LIMIT:
        return markdown
    note = f"\nCut here: `lineproof verdict show {verdict_id} --format markdown` prints it all.\n"
    kept = markdown.encode()[: SUMMARY_LIMIT - len(note)].decode(errors="ignore")
    return kept.rpartition("\n")[0] + "\n" + note
