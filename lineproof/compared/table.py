"""A comparison on a terminal."""

from governance.inert import visible
from lineproof.compared import words
from lineproof.compared.answer import Answer, Cause, Check, Side
from lineproof.compared.style import Style


def table(answer: Answer, style: Style) -> str:
    """The whole comparison: sides, comparability, metrics, causes, what to run next."""
    lines = [*_head(answer, style), "", *comparability_lines(answer, style), ""]
    lines += _metrics(answer, style)
    lines += causes_section(answer, style)
    lines += _unexplained(answer, style)
    lines += suggested_section(answer, style)
    return "\n".join(lines) + "\n"


def _head(answer: Answer, style: Style) -> list[str]:
    comparison = answer["comparison"]
    about = f"as of entry {comparison['as_of']}, {comparison['analysis']}"
    if answer["policy"] is not None:
        about += f", policy {visible(answer['policy'])}"
    return [
        style.paint(f"Comparison {comparison['id'][:12]}", "bold") + f" ({about})",
        *_side("Baseline ", comparison["baseline"]),
        *_side("Candidate", comparison["candidate"]),
    ]


def _side(name: str, side: Side) -> list[str]:
    shown = ", ".join(visible(run)[:12] for run in side["run_ids"][:4])
    more = " …" if len(side["run_ids"]) > 4 else ""
    left_out = [
        f"           left out: {visible(each['run_id'])[:12]}: {visible(each['reason'])}"
        for each in side["excluded"]
    ]
    return [f"{name}  {words.side_count(side)}: {shown}{more}", *left_out]


def comparability_lines(answer: Answer, style: Style) -> list[str]:
    """The level, each check with its reason, and how to record what is missing."""
    found = answer["comparison"]["comparability"]
    lines = [f"{style.paint('Comparability', 'bold')} {style.word(found['level'])}"]
    for check in found["checks"]:
        lines += _check(check, style)
    if found["budget_checks"]:
        lines.append("  for time and memory also:")
    for check in found["budget_checks"]:
        lines += _check(check, style)
    return lines


def _check(check: Check, style: Style) -> list[str]:
    facet = check["facet"].lower().replace("_", " ")
    found_level = style.word(check["level"].ljust(9))
    lines = [f"  {facet:18}{found_level} {visible(check['reason'])}"]
    if check["hint"]:
        lines.append(f"  {'':18}{style.paint(visible(check['hint']), 'dim')}")
    return lines


def _metrics(answer: Answer, style: Style) -> list[str]:
    deltas = answer["comparison"]["deltas"]
    if not deltas:
        return ["No run recorded a metric."]
    heads = ("Metric", "Baseline", "Candidate", "Delta", "Interval", "Runs", "Finding")
    rows = [
        (
            words.metric_name(delta),
            words.moments(delta["baseline"]),
            words.moments(delta["candidate"]),
            words.signed(words.moved(delta)),
            words.interval(delta),
            "/".join(
                str(side["n"] if side else 0) for side in (delta["baseline"], delta["candidate"])
            ),
            words.says(answer, delta),
        )
        for delta in deltas
    ]
    directed = any(delta["oriented"] is not None for delta in deltas)
    note = ["Delta > 0 is better where the metric has a direction."] if directed else []
    return [*style.table(heads, rows), *(style.paint(line, "dim") for line in note)]


def causes_section(answer: Answer, style: Style) -> list[str]:
    """What differs upstream, the nearest first."""
    causes = answer["comparison"]["causes"]
    if not causes:
        return ["", "Nothing recorded upstream differs but the replicate keys."]
    names = words.labels(answer)
    lines = ["", style.paint("What differs upstream", "bold")]
    for cause in causes:
        lines += cause_lines(cause, names, style)
    return lines


def cause_lines(cause: Cause, names: dict[str, str], style: Style) -> list[str]:
    """A cause, its effects, and the way from a candidate run to it."""
    lines = [f"  {style.paint(visible(cause['label']), 'bold')}"]
    if cause["effects"]:
        lines.append(f"    {visible(words.effects(cause))}")
    if len(cause["path"]) > 1:
        steps = [visible(names.get(node, node)) for node in cause["path"]]
        lines.append("    " + style.paint(" → ".join(steps), "dim"))
    return lines


def _unexplained(answer: Answer, style: Style) -> list[str]:
    found = answer["comparison"]["unexplained"]
    if not found:
        return []
    title = style.paint("Unexplained", "doubt")
    return [
        "",
        title,
        *(f"  {visible(each['metric']['name'])}: {visible(each['reason'])}" for each in found),
    ]


def suggested_section(answer: Answer, style: Style) -> list[str]:
    """The runs that would separate what changed together."""
    runs = answer["suggestedRuns"]
    if not runs:
        return []
    lines = [
        "",
        style.paint("Runs that would separate them, each as the baseline but for:", "bold"),
    ]
    for number, run in enumerate(runs, 1):
        changes = "; ".join(visible(change) for change in run["changes"])
        lines.append(f"  {number}. {changes}")
    return lines
