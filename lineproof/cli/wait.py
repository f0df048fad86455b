"""Waiting for a candidate: asks again until it can be judged, or until the time is over."""

import sys
import time
from collections.abc import Callable
from typing import Final

from domain.canonical import JsonObject
from domain.errors import ErrorCode, LineproofError
from lineproof.cli.backend import Backend

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
"""Seconds between two questions; each pause is twice the one before."""
_PASSING = (ErrorCode.BACKEND_UNAVAILABLE, ErrorCode.OVERLOADED, ErrorCode.STALE)
"""Errors that may be gone a moment later."""


def wait_for_candidate(
    backend: Backend,
    request: JsonObject,
    *,
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Return when every candidate run is recorded and finished, or after ``seconds``.

    What is not ready then is for the gate to judge; only its answer decides.
    """
    question = {"policy": request["policy"], "candidate": request["candidate"]}
    end = clock() + seconds
    pause = FIRST_PAUSE
    while (reason := _unready(backend, question)) and (left := end - clock()) > 0:
        print(f"waiting: {reason}", file=sys.stderr)
        sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)


def _unready(backend: Backend, question: JsonObject) -> str:
    """Why the candidate cannot be judged yet; empty when it can."""
    try:
        answer = backend.ask("gate.ready", question)
    except LineproofError as error:
        if error.code not in _PASSING:
            raise
        return error.message
    if answer.get("ready") is True:
        return ""
    reasons = answer.get("waitingFor")
    return str(reasons[0]) if isinstance(reasons, list) and reasons else "it is not ready"
