"""A comparison as GitHub-flavoured Markdown; every name is inert text."""

from collections.abc import Sequence

from governance.inert import markdown_text
from lineproof.compared import words
from lineproof.compared.answer import Answer, Side


def markdown(answer: Answer) -> str:
    """Sides, comparability, metrics, causes, suggested runs."""
    comparison = answer["comparison"]
    found = comparison["comparability"]
    lines = [
        f"### Comparison `{comparison['id'][:12]}`",
        "",
        f"Baseline {_side(comparison['baseline'])} · candidate {_side(comparison['candidate'])} "
        f"· as of entry {comparison['as_of']}",
        "",
        f"**Comparability {found['level']}**",
        "",
        *(
            f"- {markdown_text(check['facet'])} {check['level']}: {markdown_text(check['reason'])}"
            for check in (*found["checks"], *found["budget_checks"])
        ),
        "",
        *_metrics(answer),
        *_causes(answer),
        *_unexplained(answer),
        *_suggested(answer),
    ]
    return "\n".join(lines) + "\n"


def _side(side: Side) -> str:
    left_out = "".join(
        f"; left out {markdown_text(each['run_id'][:12])}: {markdown_text(each['reason'])}"
        for each in side["excluded"]
    )
    return words.side_count(side) + left_out


def _metrics(answer: Answer) -> list[str]:
    rows = [
        [
            markdown_text(words.metric_name(delta)),
            words.moments(delta["baseline"]),
            words.moments(delta["candidate"]),
            words.signed(words.moved(delta)),
            words.interval(delta),
            words.says(answer, delta),
        ]
        for delta in answer["comparison"]["deltas"]
    ]
    return _table(("Metric", "Baseline", "Candidate", "Δ", "Interval", "Finding"), rows)


def _causes(answer: Answer) -> list[str]:
    causes = answer["comparison"]["causes"]
    if not causes:
        return ["", "Nothing recorded upstream differs but the replicate keys."]
    rows = [
        [
            markdown_text(cause["label"]),
            cause["facet"],
            markdown_text(words.effects(cause)),
            str(cause["distance"]),
        ]
        for cause in causes
    ]
    return [
        "",
        "**What differs upstream**",
        "",
        *_table(("Cause", "Facet", "Effect", "Edges away"), rows),
    ]


def _unexplained(answer: Answer) -> list[str]:
    found = answer["comparison"]["unexplained"]
    if not found:
        return []
    return [
        "",
        *(
            f"- **Unexplained** {markdown_text(each['metric']['name'])}: "
            f"{markdown_text(each['reason'])}"
            for each in found
        ),
    ]


def _suggested(answer: Answer) -> list[str]:
    runs = answer["suggestedRuns"]
    if not runs:
        return []
    return [
        "",
        "**Runs that would separate them**, each as the baseline but for:",
        "",
        *(
            f"{number}. {'; '.join(markdown_text(change) for change in run['changes'])}"
            for number, run in enumerate(runs, 1)
        ),
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
