"""The reference: each of its queries runs, and its figures are those of the code."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resolvers.paging import MAX_PAGE
from schema.limits import DEFAULT_LIMITS
from schema.stream import stream_of
from schema.types.connection import FIRST
from schema.weights import LIST_WEIGHT
from tests.schema.conftest import History

TEXT = (Path(__file__).parents[2] / "docs/reference/graphql.md").read_text(encoding="utf-8")
OPERATIONS = re.findall(r"```graphql\n(.*?)```", TEXT, re.S)
SUBSCRIPTIONS = [each for each in OPERATIONS if each.startswith("subscription")]
QUERIES = [each for each in OPERATIONS if each not in SUBSCRIPTIONS]


@pytest.fixture(scope="module")
def written(new_history: Callable[[], History]) -> History:
    return new_history()


def name_of(query: str) -> str:
    found = re.match(r"(?:query|mutation) (\w+)", query)
    assert found is not None
    return found.group(1)


def variables_of(history: History, name: str) -> dict[str, Any]:
    baseline = {"runs": history.runs["baseline"]}
    candidate = {"runs": history.runs["both"]}
    run = history.runs["both"][0]
    node = history.data("query Q($id: ID!) { run(id: $id) { id } }", id=run)["run"]["id"]
    query = "query Q($id: ID!) { run(id: $id) { inputs { artifact { id } } } }"
    data = history.data(query, id=run)["run"]["inputs"][0]["artifact"]["id"]
    known: dict[str, dict[str, Any]] = {
        "Impact": {"of": node, "to": data},
        "Lineage": {"of": node},
        "Group": {"of": run},
        "Common": {"baseline": baseline, "candidate": candidate},
        "Compare": {"baseline": baseline, "candidate": candidate},
        "Curve": {"baseline": baseline["runs"][0], "candidate": run},
        "Nearest": {"of": run},
        "Difference": {"before": data, "after": data},
        "Gate": {"in": {"policy": "release", "candidate": candidate, "baseline": baseline}},
    }
    return known.get(name, {})


@pytest.mark.parametrize("query", QUERIES, ids=name_of)
def test_a_worked_query_runs(written: History, query: str) -> None:
    data = written.data(query, **variables_of(written, name_of(query)))
    assert all(value is not None for value in data.values())


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
def test_a_worked_subscription_is_valid(subscription: str) -> None:
    assert stream_of(subscription, {}, None)


def test_all_nouns_have_a_worked_query() -> None:
    assert len(QUERIES) >= 8


def test_the_limits_are_those_of_the_code() -> None:
    limits = DEFAULT_LIMITS
    rows = (
        f"| tokens; comments | {limits.tokens:,}; {limits.comments} |",
        f"| depth | {limits.depth} |",
        f"| fields, with fragments expanded | {limits.fields:,} |",
        f"| aliases | {limits.aliases} |",
        f"| repetitions of a field under one name | {limits.repeats} |",
        f"| directives | {limits.directives} |",
        f"| fields that may be resolved, page sizes multiplied | {limits.cost:,} |",
        "| values in the variables; characters | "
        f"{limits.variable_values:,}; {limits.variable_characters:,} |",
        f"(default {FIRST}, at most {MAX_PAGE:,})",
        f"counts as {LIST_WEIGHT} items",
    )
    assert [row for row in rows if row not in TEXT] == []
