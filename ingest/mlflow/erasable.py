"""Runs whose payloads can be erased: those started with the tag ``lineproof.erasable``.

Its value is the subject: whoever may one day ask to be forgotten. Name, params, tags and metrics of
such a run are sealed under the subject (``ledger.sealing``); in the clear stand its id, experiment,
times, status and its datasets and models. User and job are not recorded but as tags.
"""

from collections.abc import Mapping

from domain.errors import ErrorCode, UsageError
from graph.model import Node
from graph.projector import ERASABLE
from ledger.sealing import checked_subject

ERASABLE_TAG = "lineproof.erasable"


def subject_in(tags: Mapping[str, str]) -> str:
    """Whom a new run is about; empty when it cannot be erased. ``UsageError`` for no subject."""
    return checked_subject(tags[ERASABLE_TAG]) if ERASABLE_TAG in tags else ""


def subject_of(run: Node) -> str:
    """Whom a run is about; empty when it cannot be erased, ``UsageError`` (ERASED) when it was."""
    if ERASABLE not in run.attributes:
        return ""
    subject = run.attributes.get(f"tags.{ERASABLE_TAG}")
    if subject is None:
        raise UsageError(
            "What this run recorded was erased; nothing more can be recorded of it.",
            code=ErrorCode.ERASED,
            hint="Start another run.",
        )
    return str(subject)


def check_unchanged(tags: Mapping[str, str], subject: str) -> None:
    """``UsageError`` when the tags would make a run erasable, or of another subject, afterwards."""
    if tags.get(ERASABLE_TAG, subject) != subject:
        raise UsageError(
            f"The tag {ERASABLE_TAG} can be set only when a run is created.",
            hint="What was recorded before would stay readable; start a new run with the tag.",
        )
