"""Runs whose payloads can be erased: those that are recorded from the start with the tag
``lineproof.erasable``, whatever door they come through.

Its value is the subject: whoever may one day ask to be forgotten. Name, params, tags, metrics and
files of such a run are sealed under the subject (``ledger.sealing``); in the clear stand its id,
experiment, times, status and its datasets and models. User and job are not recorded but as tags.
"""

from collections.abc import Mapping

from domain.errors import ErrorCode, UsageError
from domain.run import RunStarted
from graph.model import Node
from graph.projector import ERASABLE
from ledger.sealing import checked_subject

ERASABLE_TAG = "lineproof.erasable"
ERASABLE_NAMES = (ERASABLE, f"tags.{ERASABLE_TAG}")
"""The attributes of a run that say whom it is about."""


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


def subject_for(run: Node | None, tags: Mapping[str, str]) -> str:
    """Whom a run is about that is told of with ``tags``, for the first time or again."""
    if run is None:
        return subject_in(tags)
    subject = subject_of(run)
    check_unchanged(tags, subject)
    return subject


def check_unchanged(tags: Mapping[str, str], subject: str) -> None:
    """``UsageError`` when the tags would make a run erasable, or of another subject, afterwards."""
    if tags.get(ERASABLE_TAG, subject) != subject:
        raise UsageError(
            f"The tag {ERASABLE_TAG} can be set only when a run is created.",
            hint="What was recorded before would stay readable; start a new run with the tag.",
        )


def bare_name(run_id: str) -> str:
    """What a run is called that has no name of its own."""
    return f"run-{run_id[:8]}"


def bare_start(run_id: str, experiment_id: str, start_time: int) -> RunStarted:
    """What is recorded for ever of a run that can be erased."""
    return RunStarted(
        run_id=run_id,
        experiment_id=experiment_id,
        name=bare_name(run_id),
        user="",
        start_time=start_time,
        tags={},
        uses=[],
        parent_run_id="",
        job="",
        erasable=True,
    )
