"""The cost limiter: bombs are refused before validation, ordinary queries pass."""

import tracemalloc

import pytest
from graphql import get_introspection_query

from domain.errors import ErrorCode, UsageError
from schema.limits import (
    FieldWeight,
    Limits,
    Weights,
    check_document,
    check_variables,
    parse_limited,
)

WEIGHTS = Weights(
    {
        ("Query", "experiments"): FieldWeight(50, "Page"),
        ("Query", "runs"): FieldWeight(50, "Page"),
        ("Page", "nodes"): FieldWeight(1, "Item"),
        ("Item", "runs"): FieldWeight(50, "Page"),
        ("Item", "metrics"): FieldWeight(5, "Metric"),
        ("Query", "metrics"): FieldWeight(5_000, "Metric"),
    },
    {"query": "Query"},
)
BOMB = (
    "query{...A}"
    + "".join(
        f"fragment {name} on Query{{{('...' + after) * 5}}}"
        for name, after in zip("ABCDEF", "BCDEFG", strict=True)
    )
    + "fragment G on Query{__typename}"
)


def refused(source: str, variables: dict[str, object] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        check_document(parse_limited(source), variables or {}, weights=WEIGHTS)
    assert caught.value.code is ErrorCode.TOO_COMPLEX
    assert caught.value.hint
    return caught.value.message


def accepted(source: str, variables: dict[str, object] | None = None) -> None:
    check_document(parse_limited(source), variables or {}, weights=WEIGHTS)


def nested(depth: int) -> str:
    return "{a" * depth + "}" * depth


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (nested(21), "deeper"),
        (nested(400), "nested"),
        ("{" + " ".join(f"a{n}:__typename" for n in range(201)) + "}", "aliases"),
        ("{" + " ".join(f"a{n}:__typename" for n in range(20_000)) + "}", "tokens"),
        ("{" + "__typename " * 52 + "}", "repeats"),
        ("{" + "__typename " * 5_000 + "}", "tokens"),
        (BOMB, "fields"),
        ("{__typename " + "@skip(if:false)" * 51 + "}", "directives"),
        ("{__typename " + "@a" * 900 + "}", "directives"),
        ("{...A} fragment A on Query{...B} fragment B on Query{...A}", "spreads itself"),
        ("{...A} fragment A on Query{...A}", "spreads itself"),
        ("{" + " ".join(f"f{n}" for n in range(1_001)) + "}", "fields"),
        ("{" + "#\n" * 300 + "a}", "comments"),
        ("{a(x:" + "[" * 400 + "]" * 400 + ")}", "nested"),
    ],
)
def test_a_bomb_is_too_complex(source: str, why: str) -> None:
    assert why in refused(source)


def test_a_chain_of_fragments_is_bounded_too() -> None:
    chain = "".join(f"fragment F{n} on Query{{...F{n + 1}}}" for n in range(150))
    assert "deeper" in refused("{...F0}" + chain + "fragment F150 on Query{a}")


def test_fragments_that_nobody_spreads_are_measured() -> None:
    assert "fields" in refused("{a} " + BOMB.removeprefix("query{...A}"))


def test_repeats_are_found_across_fragments() -> None:
    fragments = "".join(f"fragment F{n} on Query{{id}}" for n in range(60))
    assert "repeats" in refused("{" + "".join(f"...F{n}" for n in range(60)) + "}" + fragments)


@pytest.mark.parametrize("size", ["first: 1000", "first: $n", "maxNodes: 99999999999999999"])
def test_sizes_multiply(size: str) -> None:
    source = (
        "query Q($n: Int) {experiments(first: 1000) {nodes {runs(SIZE) {nodes {id}}}}}".replace(
            "SIZE", size
        )
    )
    assert "sizes" in refused(source, {"n": 1000})


def test_a_connection_without_a_size_has_its_default() -> None:
    accepted("{experiments {nodes {runs {nodes {id}}}}}")
    assert "sizes" in refused(
        "{experiments {nodes {runs {nodes {runs {nodes {runs {nodes {id}}}}}}}}}"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{runs(first: 1000) {nodes {metrics {key last}}}}",
        "{runs(first: 1000) {nodes {...F}}} fragment F on Item {metrics {key last}}",
        "{runs(first: 1000) {nodes {... on Item {metrics {key last}}}}}",
        "{runs(first: 1000) {nodes {... @include(if: true) {metrics {key last}}}}}",
    ],
)
def test_a_field_weighs_what_it_gives_on_its_type(source: str) -> None:
    accepted(source)
    assert "sizes" in refused("{metrics {a b c d e f g h i j}}")


def test_ordinary_queries_pass() -> None:
    accepted("{runs(first: 1000) {nodes {id name status seed startTime}}}")
    accepted(get_introspection_query())
    accepted("query A($x: Int) {runs(first: $x) {nodes {id}}} query B {...F} fragment F on Q {a}")


def test_what_is_not_graphql_is_malformed() -> None:
    with pytest.raises(UsageError) as caught:
        parse_limited("{ runs(")
    assert caught.value.code is ErrorCode.MALFORMED


def test_the_fragment_bomb_costs_no_memory() -> None:
    tracemalloc.start()
    refused(BOMB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "variables",
    [
        {"a": list(range(3_000))},
        {"a": {f"k{n}": n for n in range(3_000)}},
        {"a": "x" * 40_000},
        {"k" * 40_000: 1},
        {"a": [[1] * 1_500] * 2},
    ],
)
def test_huge_variables_are_too_complex(variables: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        check_variables(variables)
    assert caught.value.code is ErrorCode.TOO_COMPLEX


def test_ordinary_variables_pass() -> None:
    check_variables({"in": {"policy": "release", "runs": ["a" * 32] * 100}, "flag": True})


def test_limits_can_be_lowered() -> None:
    with pytest.raises(UsageError):
        parse_limited("{a b c}", Limits(tokens=3))
