"""MLflow's search strings: what they mean, and where they go wrong."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ErrorCode, LineproofError, UsageError
from graph.clause import AllOf, AnyOf, Clause, Not
from graph.experiment_filter import (
    ExperimentOrder,
    parse_experiment_filter,
    parse_experiment_orders,
)
from graph.filter import (
    DatasetCondition,
    DerivedCondition,
    MetricCondition,
    RunFilter,
    RunOrder,
    parse_filter,
    parse_orders,
)
from graph.logged_model_filter import parse_model_filter
from graph.model_filter import MODEL_VERSIONS, REGISTERED_MODELS
from graph.port import Condition, Operator


def one(text: str) -> Clause[Condition]:
    found = parse_filter(text)
    assert found.others == ()
    (clause,) = found.conditions
    return clause


A, B, C = (Condition(f"params.{name}", Operator.EQ, "1") for name in "abc")
SAID = {"a": "params.a = '1'", "b": "params.b = '1'", "c": "params.c = '1'"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params.lr = '0.1'", Condition("params.lr", Operator.EQ, "0.1")),
        ("params.\"lr\" = '0.1'", Condition("params.lr", Operator.EQ, "0.1")),
        ("params.'lr' = '0.1'", Condition("params.lr", Operator.EQ, "0.1")),
        ("parameter.`a b` != 'x'", Condition("params.a b", Operator.NE, "x")),
        ('params.`a.b/c-d` = "it\'s"', Condition("params.a.b/c-d", Operator.EQ, "it's")),
        ("tags.mlflow.runName LIKE 'r%'", Condition("tags.mlflow.runName", Operator.LIKE, "r%")),
        ("tag.x ilike 'R_'", Condition("tags.x", Operator.ILIKE, "R_")),
        ("params.lr IS NULL", Condition("params.lr", Operator.IS_NULL)),
        ("tags.x is not null", Condition("tags.x", Operator.IS_NOT_NULL)),
        ('status = "FINISHED"', Condition("status", Operator.EQ, "FINISHED")),
        ("attributes.run_name = 'a'", Condition("name", Operator.EQ, "a")),
        ("attr.`Run Name` = 'a'", Condition("name", Operator.EQ, "a")),
        ("run.user_id='u'", Condition("user", Operator.EQ, "u")),
        ("Created>=1700", Condition("start_time", Operator.GE, 1700)),
        ("end_time < 1.5e3", Condition("end_time", Operator.LT, 1500)),
        ("params.`' OR 1=1 --` = '; DROP'", Condition("params.' OR 1=1 --", Operator.EQ, "; DROP")),
    ],
)
def test_conditions_on_what_a_run_carries(text: str, expected: Condition) -> None:
    assert one(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.acc > 0.9", MetricCondition("acc", Operator.GT, 0.9)),
        ("metric.`val acc` <= -1", MetricCondition("val acc", Operator.LE, -1.0)),
        ("metrics.m>.5", MetricCondition("m", Operator.GT, 0.5)),
        ("metrics.m != 1e-3", MetricCondition("m", Operator.NE, 1e-3)),
    ],
)
def test_conditions_on_metrics(text: str, expected: MetricCondition) -> None:
    assert parse_filter(text) == RunFilter(others=(expected,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a} OR {b} AND {c}", AnyOf((A, AllOf((B, C))))),
        ("({a} or {b}) and {c}", AllOf((AnyOf((A, B)), C))),
        ("NOT {a} AND {b}", AllOf((Not(A), B))),
        ("NOT ({a} AND {b})", AnyOf((Not(A), Not(B)))),
        ("NOT ({a} OR NOT {b})", AllOf((Not(A), B))),
        ("not not {a}", A),
        ("((({a})))", A),
        ("{a} OR {b} OR {c}", AnyOf((A, B, C))),
    ],
)
def test_not_binds_closer_than_and_and_and_closer_than_or(
    text: str, expected: Clause[Condition]
) -> None:
    found = parse_filter(text.format(**SAID))
    whole = found.conditions[0] if len(found.conditions) == 1 else AllOf(found.conditions)
    assert whole == expected


def test_what_no_node_holds_is_kept_apart_with_all_that_it_is_joined_to() -> None:
    found = parse_filter("{a} AND (metrics.m > 1 OR {b}) AND NOT run_id = 'x'".format(**SAID))
    assert found == RunFilter(
        conditions=(A,),
        others=(
            AnyOf((MetricCondition("m", Operator.GT, 1.0), B)),
            Not(DerivedCondition(Condition("run_id", Operator.EQ, "x"))),
        ),
    )


def test_lists_datasets_and_derived_attributes_stand_apart() -> None:
    found = parse_filter(
        "run_id IN ('a', \"b\",) AND artifact_uri = 'x' and dataset.context NOT IN ('eval')"
    )
    assert found == RunFilter(
        others=(
            DerivedCondition(Condition("run_id", Operator.IN, ("a", "b"))),
            DerivedCondition(Condition("artifact_uri", Operator.EQ, "x")),
            DatasetCondition(Condition("context", Operator.NOT_IN, ("eval",))),
        ),
    )


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_blank_text_lets_everything_through(text: str) -> None:
    assert parse_filter(text) == RunFilter()


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("metrics.m >", 12),
        ("metrics.m > 1 OR", 17),
        ("(metrics.m > 1", 15),
        ("metrics.m > 1)", 14),
        ("()", 2),
        ("metrics.m NOT > 1", 15),
        ("metrics.m > 1 NOT params.a = 'x'", 15),
        ("NOT", 4),
        ("OR metrics.m > 1", 4),
        ("foo.x = 1", 1),
        ("metrics.m = 'a'", 13),
        ("params.lr = 0.1", 13),
        ("params.lr = lr", 13),
        ("attributes.zz = 'a'", 1),
        ("status IN ('a')", 1),
        ("metrics.m LIKE 'a'", 1),
        ("metrics.m IS NULL", 1),
        ("start_time > 'a'", 14),
        ("start_time > 1.5", 14),
        ("start_time > 9223372036854775808", 14),
        ("metrics.m > 1e400", 13),
        ("metrics.m > +1", 13),
        ("metrics.m > 1AND params.x = 'a'", 13),
        ("metrics.m > 1;", 14),
        ("params.lr == '0.1'", 11),
        ("params.lr > '0'", 1),
        ("params.lr = 'a' AND", 20),
        ("params.lr = 'a", 13),
        ("params.`lr = 'a'", 7),
        ("params.a`b`c = 'a'", 9),
        ("run_id IN ()", 12),
        ("run_id IN ('a'", 15),
        ("run_id IN (1)", 12),
        ("run_id IN 'a'", 11),
        ("dataset.profile = 'a'", 1),
        ("'}) DETACH DELETE n //", 1),
    ],
)
def test_an_error_names_its_column(text: str, column: int) -> None:
    with pytest.raises(UsageError, match=f"column {column}:") as caught:
        parse_filter(text)
    assert caught.value.code is ErrorCode.INVALID_ARGUMENT
    assert caught.value.context["column"] == column


@pytest.mark.parametrize(
    "text",
    [
        " OR ".join(["metrics.m > 1"] * 10_000),
        "(" * 10_000,
        "(" * 10_000 + "metrics.m > 1" + ")" * 10_000,
        "(" * 100 + "metrics.m > 1" + ")" * 100,
        "NOT " * 100 + "metrics.m > 1",
        "params.x LIKE '" + "a" * 5_000 + "'",
        " AND ".join(["params.x = 'a'"] * 101),
        "params.x LIKE '" + "%a" * 500 + "'",
        "x" * 100_000,
        "'" * 70_000,
    ],
    ids=[
        "ors",
        "open",
        "parentheses",
        "depth",
        "nots",
        "pattern",
        "comparisons",
        "wildcards",
        "characters",
        "quotes",
    ],
)
def test_what_is_too_complex_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(text)
    assert caught.value.code is ErrorCode.TOO_COMPLEX


@given(
    st.text(
        alphabet=st.sampled_from("metrics.paratg `'\"<>=!()1.5e,%_AND INLIKEORNULL\\;é"),
        max_size=60,
    )
)
@settings(max_examples=100)
def test_any_text_is_read_or_refused_with_a_typed_error(text: str) -> None:
    try:
        parse_filter(text)
    except LineproofError as error:
        assert error.code in (ErrorCode.INVALID_ARGUMENT, ErrorCode.TOO_COMPLEX)


@given(
    st.text(
        alphabet=st.characters(exclude_characters="`", exclude_categories=["Cs"]),
        min_size=1,
        max_size=20,
    ),
    st.text(alphabet=st.characters(exclude_characters="'", exclude_categories=["Cs"]), max_size=20),
)
@settings(max_examples=100)
def test_any_key_and_any_text_can_be_asked_for(key: str, value: str) -> None:
    assert one(f"params.`{key}` = '{value}'") == Condition(f"params.{key}", Operator.EQ, value)


@pytest.mark.parametrize(
    "operator", [Operator.EQ, Operator.LT, Operator.LE, Operator.GT, Operator.GE]
)
def test_nan_and_a_missing_metric_satisfy_no_comparison(operator: Operator) -> None:
    condition = MetricCondition("m", operator, 0.0)
    assert not condition.holds(math.nan)
    assert not condition.holds(None)


def test_nan_differs_from_every_number() -> None:
    assert MetricCondition("m", Operator.NE, 0.0).holds(math.nan)
    assert not MetricCondition("m", Operator.NE, 0.0).holds(None)


def test_metric_comparisons() -> None:
    holds = {
        operator: [MetricCondition("m", operator, 1.0).holds(value) for value in (0.0, 1.0, 2.0)]
        for operator in (
            Operator.EQ,
            Operator.NE,
            Operator.LT,
            Operator.LE,
            Operator.GT,
            Operator.GE,
        )
    }
    assert holds == {
        Operator.EQ: [False, True, False],
        Operator.NE: [True, False, True],
        Operator.LT: [True, False, False],
        Operator.LE: [True, True, False],
        Operator.GT: [False, False, True],
        Operator.GE: [False, True, True],
    }


def test_orders() -> None:
    assert parse_orders(("metrics.`a b` DESC", "params.lr", "Created asc", "tags.x desc")) == (
        RunOrder("metrics.a b", True),
        RunOrder("params.lr", False),
        RunOrder("start_time", False),
        RunOrder("tags.x", True),
    )


@pytest.mark.parametrize(
    "clauses",
    [
        ("foo",),
        ("metrics.m sideways",),
        ("metrics.m DESC DESC",),
        ("dataset.name",),
        ("start_time", "created DESC"),
        ("metrics.m; DROP TABLE runs",),
        ("1",),
        ("",),
    ],
)
def test_an_order_that_means_nothing_is_refused(clauses: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        parse_orders(clauses)
    assert caught.value.code is ErrorCode.INVALID_ARGUMENT


def test_experiment_filters() -> None:
    assert parse_experiment_filter(
        "name ILIKE 'a%' AND tags.team = 'x' AND creation_time > 5 AND experiment_id IN ('1','2')"
    ) == (
        Condition("name", Operator.ILIKE, "a%"),
        Condition("tags.team", Operator.EQ, "x"),
        Condition("created_at", Operator.GT, 5),
        Condition("experiment_id", Operator.IN, ("1", "2")),
    )


def test_or_and_not_stand_in_every_search() -> None:
    name, tag = Condition("name", Operator.EQ, "a"), Condition("tags.t", Operator.EQ, "x")
    text = "name = 'a' OR NOT tags.t = 'x'"
    either = AnyOf((name, Not(tag)))
    assert parse_experiment_filter(text) == (either,)
    assert REGISTERED_MODELS.conditions(text) == (either,)
    assert MODEL_VERSIONS.conditions(f"NOT ({text})") == (Not(name), tag)
    assert parse_model_filter(f"{text} OR metrics.m > 1") == AnyOf(
        (name, Not(tag), MetricCondition("m", Operator.GT, 1.0))
    )


def test_texts_of_searches_for_logged_models_need_no_quotes() -> None:
    assert parse_model_filter("params.lr = 0.1 AND name = m AND creation_time > 5") == AllOf(
        (
            Condition("params.lr", Operator.EQ, "0.1"),
            Condition("name", Operator.EQ, "m"),
            Condition("created_at", Operator.GT, 5),
        )
    )


@pytest.mark.parametrize(
    "text",
    ["foo = 'x'", "params.a = 'x'", "name > 'x'", "experiment_id LIKE '1%'", "name IN ('a')"],
)
def test_experiment_filters_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_experiment_filter(text)


def test_experiments_come_newest_first_unless_asked_otherwise() -> None:
    assert parse_experiment_orders(()) == (
        ExperimentOrder("created_at", True),
        ExperimentOrder("experiment_id", False),
    )
    assert parse_experiment_orders(("name ASC",)) == (
        ExperimentOrder("name", False),
        ExperimentOrder("experiment_id", True),
    )
    with pytest.raises(UsageError):
        parse_experiment_orders(("tags.x",))
