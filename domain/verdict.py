"""The words of a gate: what was found, what it does, and the entries that record both."""

from enum import StrEnum
from typing import Final, TypedDict

from domain.canonical import JsonObject

POLICY_APPLIED: Final = "policy.applied"
VERDICT_RECORDED: Final = "verdict.recorded"


class RuleStatus(StrEnum):
    """What one rule found. Only PASS lets a run ship without a word."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_COMPARABLE = "NOT_COMPARABLE"
    MISSING = "MISSING"
    ERROR = "ERROR"
    WAIVED = "WAIVED"


class Outcome(StrEnum):
    """What the whole verdict found."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"


class Severity(StrEnum):
    """What a finding does: BLOCK stops the run, WARN and INFO only speak."""

    BLOCK = "BLOCK"
    WARN = "WARN"
    INFO = "INFO"


class PolicyApplied(TypedDict):
    """A declared policy; its digest is its identity."""

    name: str
    digest: str
    document: JsonObject
    """The normalised policy together with the metric definitions it reads."""


class VerdictRecorded(TypedDict):
    """A verdict. ``statement`` is a pure function of the four inputs that stand in it."""

    verdict_id: str
    policy_name: str
    run_ids: list[str]
    outcome: str
    statement: JsonObject
