"""What a verdict is expected to be about: a genuine one about something else proves nothing here.

A PASS stands in the ledger for ever, so whoever relies on one says which runs, which policy and
which commit it must be about, and how old it may be.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.canonical import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Expected:
    """Each part that is None or empty is not checked."""

    runs: frozenset[str] = frozenset()
    """Exactly these runs were judged."""
    policy: str | None = None
    """The policy's name or its digest."""
    commit: str | None = None
    project: str | None = None
    max_age_entries: int | None = None
    """How many entries the signed checkpoint may have after the verdict's own."""
    min_tree_size: int | None = None
    """The verdict saw at least this many entries."""
    passed: bool = False
    """Whether only a passing verdict will do."""


ANYTHING: Final = Expected()


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument_group("what it must be about; otherwise it exits 4").add_argument
    add("--run", metavar="RUN", dest="runs", action="append", default=[], help="a judged run, each")
    add("--policy", metavar="POLICY", help="the policy's name or digest")
    add("--commit", metavar="COMMIT", help="the commit that was given to the gate")
    add("--project", metavar="NAME", dest="in_project", help="the project that it was asked in")
    add("--max-age-entries", metavar="N", type=int, help="entries signed after it, at most")
    add("--min-tree-size", metavar="N", type=int, help="entries that it saw, at least")
    parser.add_argument(
        "--require-pass", action="store_true", help="exit as the verdict says: 1 or 3 if it blocks"
    )


def expected_of(arguments: argparse.Namespace) -> Expected:
    """The options as one value."""
    return Expected(
        runs=frozenset(arguments.runs),
        policy=arguments.policy,
        commit=arguments.commit,
        project=arguments.in_project,
        max_age_entries=arguments.max_age_entries,
        min_tree_size=arguments.min_tree_size,
        passed=arguments.require_pass,
    )


def mismatch(statement: JsonObject, index: int, size: int, expected: Expected) -> str:
    """The first way in which the statement is about something else, as a clause; empty if none.

    ``index`` is the verdict's leaf, ``size`` the tree size of the checkpoint that proves it.
    """
    runs = _member(statement, "subject", "run_ids")
    judged = frozenset(map(str, runs)) if isinstance(runs, list) else frozenset[str]()
    policy = (_member(statement, "policy", "name"), _member(statement, "policy", "digest"))
    commit = _member(statement, "request", "ci", "commit")
    seen = _member(statement, "as_of", "tree_size")
    if expected.runs and judged != expected.runs:
        return "it judged other runs"
    if expected.policy is not None and expected.policy not in policy:
        return "it was reached under another policy"
    if expected.commit is not None and commit != expected.commit:
        return "it is about another commit"
    if expected.project is not None and statement.get("project") != expected.project:
        return "it belongs to another project"
    if expected.max_age_entries is not None and size - index - 1 > expected.max_age_entries:
        return f"it is {size - index - 1} entries old"
    if expected.min_tree_size is not None and (
        not isinstance(seen, int) or seen < expected.min_tree_size
    ):
        return f"it saw {seen} entries only"
    return ""


def _member(value: JsonValue, *path: str) -> JsonValue:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
