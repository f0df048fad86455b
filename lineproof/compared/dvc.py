"""A comparison as ``dvc metrics diff --json`` prints one, for scripts that read that."""

import json
import math

from lineproof.compared.answer import Answer, Moments

_PATH = "lineproof"
"""DVC groups metrics by the file that holds them; ours stand in none."""


def dvc_json(answer: Answer) -> str:
    """``{"lineproof": {"accuracy": {"old": …, "new": …, "diff": …}}}``: means and raw deltas.

    As in DVC an absent side is null; a number that JSON cannot hold is null too.
    """
    metrics = {
        delta["key"]["name"]: {
            "old": _mean(delta["baseline"]),
            "new": _mean(delta["candidate"]),
            "diff": _number(delta["raw"]),
        }
        for delta in answer["comparison"]["deltas"]
    }
    return json.dumps({_PATH: metrics}, indent=2, ensure_ascii=False) + "\n"


def _mean(side: Moments | None) -> float | None:
    return None if side is None else _number(side["mean"])


def _number(text: str | None) -> float | None:
    value = None if text is None else float(text)
    return None if value is None or not math.isfinite(value) else value
