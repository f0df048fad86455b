"""Numbers, effects and checks in the words that every rendering uses."""

from lineproof.compared.answer import Answer, Cause, Change, Delta, Effect, Moments, Side

UNKNOWN = "–"


def short(number: str | None) -> str:
    """A decimal text with five significant digits."""
    return UNKNOWN if number is None else f"{float(number):.5g}"


def signed(number: str | None) -> str:
    """Like ``short``, with its sign."""
    return UNKNOWN if number is None else f"{float(number):+.4g}"


def moments(side: Moments | None) -> str:
    """``0.9485 ± 0.0025``."""
    if side is None:
        return UNKNOWN
    spread = "" if side["sd"] is None else f" ± {float(side['sd']):.2g}"
    return short(side["mean"]) + spread


def moved(delta: Delta) -> str | None:
    """The oriented delta where the metric has a direction, else the raw one."""
    return delta["raw"] if delta["oriented"] is None else delta["oriented"]


def interval(delta: Delta) -> str:
    """The bounds of ``moved``."""
    bounds = delta["interval"]
    return UNKNOWN if bounds is None else f"[{signed(bounds['low'])}, {signed(bounds['high'])}]"


def level(delta: Delta) -> float | None:
    """How sure one bound of the interval is: 0.95."""
    return None if delta["interval"] is None else 1 - float(delta["interval"]["alpha"])


def tendency(delta: Delta) -> int:
    """1 when better beyond the variation of the runs, -1 when worse, else 0."""
    bounds = delta["interval"]
    if bounds is None or delta["definition"]["direction"] == "NONE":
        return 0
    return int(float(bounds["low"]) > 0) - int(float(bounds["high"]) < 0)


def says(answer: Answer, delta: Delta) -> str:
    """What the policy's rule found; without a rule what the interval shows."""
    result = answer["results"].get(delta["key"]["name"])
    if result is not None:
        return result["status"]
    if delta["state"] != "BOTH":
        return delta["state"].lower().replace("_", " ")
    if delta["interval"] is None:
        return "one run a side"
    if delta["definition"]["direction"] == "NONE":
        return "no direction"
    found = {1: "better", 0: "within variation", -1: "worse"}[tendency(delta)]
    return f"{found} over {delta['pairs']} examples" if delta["uncertainty"] == "PAIRED" else found


def metric_name(delta: Delta) -> str:
    """``accuracy`` or ``loss (MIN)``."""
    key = delta["key"]
    step = "" if key["step"] is None else f" {key['step']}"
    return key["name"] + ("" if key["reducer"] == "LAST" else f" ({key['reducer']}{step})")


def attribution(effect: Effect) -> str:
    """``SOLE`` or ``CONFOUNDED(2)``."""
    if effect["attribution"] == "CONFOUNDED":
        return f"CONFOUNDED({effect['confounders']})"
    return effect["attribution"]


def effects(cause: Cause) -> str:
    """``SOLE for accuracy, f1``."""
    by_kind: dict[str, list[str]] = {}
    for effect in cause["effects"]:
        by_kind.setdefault(attribution(effect), []).append(effect["metric"]["name"])
    return "; ".join(f"{kind} for {', '.join(names)}" for kind, names in by_kind.items())


def change(change: Change) -> str:
    """``numpy 1.26.4 → 2.0.1``; what was not there is a dash."""
    name = change["name"] or change["kind"].lower()
    return f"{name} {change['before'] or UNKNOWN} → {change['after'] or UNKNOWN}"


def side_count(side: Side) -> str:
    """``7 of 9 runs (group)``."""
    kept, left_out = len(side["run_ids"]), len(side["excluded"])
    total = f"{kept} of {kept + left_out}" if left_out else str(kept)
    return f"{total} run{'' if kept + left_out == 1 else 's'} ({side['selected_by']})"


def labels(answer: Answer) -> dict[str, str]:
    """Node id to what it is called, for those that the difference graph shows."""
    return {
        node["id"]: f"{node['kind'].lower()} {node['label']}"
        for node in answer["diffGraph"]["nodes"]
    }


def path(cause: Cause, names: dict[str, str]) -> str:
    """``run r1 → dataset digits a1b2``."""
    return " → ".join(names.get(node, node) for node in cause["path"])
