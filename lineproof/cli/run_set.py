"""Sets of runs as they are written on a command line.

``RUN[,RUN…]`` names runs, ``group:RUN`` the run group of one, and anything with a comparison in it
is a filter in MLflow's grammar (``metrics.acc > 0.9``). Experiments bound filters only: runs that
are named need none. ``@PROJECT[,PROJECT…]:`` before any of them says where the runs are looked for.
"""

import re
from collections.abc import Sequence
from typing import cast

from domain.canonical import JsonObject, JsonValue
from domain.errors import UsageError

SYNTAX = (
    "RUN[,RUN…], group:RUN, or a filter such as \"params.lr = '0.1'\"; "
    "with @PROJECT: in front, those of another project"
)

_COMPARISON = re.compile(r"[=<>!]|\b(?:LIKE|ILIKE|IN|IS)\b", re.IGNORECASE)
_GROUP = "group:"
_ELSEWHERE = "@"


def run_set(text: str, experiments: Sequence[str] = ()) -> JsonObject:
    """The run set as a gate request writes it; ``UsageError`` when ``text`` names none."""
    if text.startswith(_ELSEWHERE):
        projects, colon, rest = text.removeprefix(_ELSEWHERE).partition(":")
        names = [name.strip() for name in projects.split(",")]
        if not colon or not all(names):
            raise UsageError(f"{text[:60]!r} names no project.", hint="Write @PROJECT:RUN.")
        return {**run_set(rest, experiments), "projects": cast("list[JsonValue]", names)}
    if _COMPARISON.search(text):
        return {"filter": text, **({"experiments": list(experiments)} if experiments else {})}
    if text.startswith(_GROUP):
        return {"group": _one(text.removeprefix(_GROUP))}
    return {"runs": [_one(run) for run in text.split(",")]}


def _one(text: str) -> str:
    run = text.strip()
    if not run or " " in run:
        raise UsageError(f"{text[:60]!r} does not name a run.", hint=f"Write {SYNTAX}.")
    return run
