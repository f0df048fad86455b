"""Why one metric moved, in a few sentences on a terminal."""

from domain.errors import NotFoundError
from governance.inert import visible
from lineproof.compared import words
from lineproof.compared.answer import Answer, Cause, Delta, Effect
from lineproof.compared.style import Style
from lineproof.compared.table import comparability_lines, suggested_section

MAX_CHANGES = 50
"""Changes of one cause that are listed."""
_IN_LABEL = 3


def why(answer: Answer, metric: str, style: Style) -> str:
    """The delta of ``metric``, what it may be blamed on, and how firmly.

    Raises ``NotFoundError`` when neither side recorded the metric.
    """
    deltas = answer["comparison"]["deltas"]
    delta = next((each for each in deltas if each["key"]["name"] == metric), None)
    if delta is None:
        known = ", ".join(sorted({each["key"]["name"] for each in deltas})[:10])
        raise NotFoundError(
            f"No run of either side recorded {metric[:60]!r}.",
            hint=f"Recorded: {known}." if known else "No metric was recorded.",
        )
    lines = [_headline(answer, delta, style), "", *_causes(answer, metric, style)]
    unexplained = [
        each["reason"]
        for each in answer["comparison"]["unexplained"]
        if each["metric"]["name"] == metric
    ]
    lines += [style.paint("Unexplained: ", "doubt") + visible(reason) for reason in unexplained]
    lines += ["", *comparability_lines(answer, style), *suggested_section(answer, style)]
    return "\n".join(lines) + "\n"


def _headline(answer: Answer, delta: Delta, style: Style) -> str:
    name = style.paint(visible(words.metric_name(delta)), "bold")
    before, after = words.moments(delta["baseline"]), words.moments(delta["candidate"])
    bounds = "" if delta["interval"] is None else f", interval {words.interval(delta)}"
    finding = style.word(words.says(answer, delta))
    return (
        f"{name}: {before} → {after}, delta {words.signed(words.moved(delta))}{bounds}: {finding}"
    )


def _causes(answer: Answer, metric: str, style: Style) -> list[str]:
    names = words.labels(answer)
    lines: list[str] = []
    for cause in answer["comparison"]["causes"]:
        effect = next((each for each in cause["effects"] if each["metric"]["name"] == metric), None)
        lines += _cause(cause, effect, names, style)
    return lines or ["Nothing recorded upstream differs but the replicate keys."]


def _changes(cause: Cause, style: Style) -> list[str]:
    """Every change, where there are more than the label names."""
    changes = cause["changes"] if len(cause["changes"]) > _IN_LABEL else []
    more = len(changes) - MAX_CHANGES
    lines = [f"  {visible(words.change(each))}" for each in changes[:MAX_CHANGES]]
    return [*lines, style.paint(f"  … and {more} more", "dim")] if more > 0 else lines


def _cause(cause: Cause, effect: Effect | None, names: dict[str, str], style: Style) -> list[str]:
    blame = "" if effect is None else f"{words.attribution(effect)}: "
    lines = [f"{style.paint(blame, 'bold')}{visible(cause['label'])}"]
    lines += _changes(cause, style)
    for node, following in zip(cause["path"], cause["path"][1:], strict=False):
        lines.append(f"  {visible(names.get(node, node))}")
        lines.append(f"    ↑ {visible(names.get(following, following))}")
    if effect is not None and effect["evidence"] is not None:
        evidence = effect["evidence"]
        pair = " against ".join(
            ", ".join(visible(run)[:12] for run in evidence[side][:3])
            for side in ("candidate", "baseline")
        )
        lines.append(f"  alone it moved {words.signed(evidence['oriented'])}: {pair}")
    return lines
