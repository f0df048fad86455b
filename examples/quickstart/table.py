"""The quickstart's table: one line a candidate, numbers and causes as the verdict states them."""

COLUMNS = "  {name:<9} {exit:<5} {outcome:<15} {delta:>8}  {interval:<19}  {cause}"


def header() -> str:
    """The column titles."""
    return COLUMNS.format(
        name="candidate", exit="exit", outcome="verdict", delta="Δ accuracy", interval="interval",
        cause="what changed upstream",
    )  # fmt: skip


def row(name: str, code: int, verdict: dict) -> list[str]:
    """The lines of one candidate."""
    statement = verdict["statement"]
    (rule,) = statement["rules"]
    delta = rule["delta"] or {}
    interval = delta.get("interval")
    causes = [_cause(cause) for cause in statement["causes"]] or ["nothing that is recorded"]
    first = COLUMNS.format(
        name=name,
        exit=code,
        outcome=rule["status"],
        delta=_signed(delta.get("oriented")),
        interval=f"[{_signed(interval['low'])}, {_signed(interval['high'])}]" if interval else "",
        cause=causes[0],
    )
    indent = " " * (len(first) - len(causes[0]))
    lines = [first, *(indent + cause for cause in causes[1:])]
    need = (rule["samples"] or {}).get("need")
    if rule["status"] == "INCONCLUSIVE" and need:
        lines.append(
            f"{indent}about {need} runs a side would settle it, {rule['samples']['have']} are here"
        )
    if rule["status"] == "NOT_COMPARABLE":
        lines.append(indent + rule["message"])
    return lines


def _cause(cause: dict) -> str:
    effect = next((e for e in cause["effects"] if e["metric"] == "accuracy"), None)
    if effect is None:
        return cause["label"]
    word = effect["attribution"]
    if word == "CONFOUNDED":
        word += f"({effect['confounders']})"
    return f"{cause['label']}  {word}"


def _signed(text: str | None) -> str:
    return "" if text is None else f"{float(text):+.4f}"
