"""Numbers, names and addresses as strangers send them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, LineproofError, UsageError
from ingest.mlflow.fields import Fields
from ingest.mlflow.keys import checked_key, param_of, tag_of
from ingest.mlflow.locations import checked_location, checked_model_id
from ingest.mlflow.points import point_of


def point(**fields: Any) -> Any:
    return point_of(Fields({"key": "m", "value": 1.0, "timestamp": 1, **fields}))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (2**63, "9.223372036854776e+18"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
        ("1.5", "1.5"),
        ("-1e-3", "-0.001"),
    ],
)
def test_numbers_that_a_metric_takes(value: object, text: str) -> None:
    assert point(value=value)["value"] == text


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        math.inf,
        -math.inf,
        math.nan,
        10**400,
        "1e400",
        "inf",
        "nan",
        "1_0",
        " 1",
        "",
        "x",
        [1],
        {},
    ],
    ids=repr,
)
def test_numbers_that_a_metric_refuses(value: object) -> None:
    with pytest.raises(UsageError) as caught:
        point(value=value)
    assert caught.value.code is ErrorCode.INVALID_ARGUMENT


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_double_is_kept_bit_for_bit(value: float) -> None:
    kept = float(point(value=value)["value"])
    assert (kept, math.copysign(1, kept)) == (value, math.copysign(1, value))


@pytest.mark.parametrize("step", [0, -5, "7", 2**53 - 1, -(2**53 - 1), 3.0])
def test_steps_that_are_taken(step: object) -> None:
    assert point(step=step)["step"] == int(step)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", ["step", "timestamp"])
@pytest.mark.parametrize("value", [2**53, -(2**53), 2**63, 1.5, "x", True, [1], "1" * 30])
def test_steps_and_times_that_are_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"parameter '{name}'"):
        point(**{name: value})


def test_a_time_before_the_epoch_is_refused() -> None:
    with pytest.raises(UsageError, match="nonnegative"):
        point(timestamp=-1)


@pytest.mark.parametrize("missing", ["key", "value", "timestamp"])
def test_a_point_needs_key_value_and_time(missing: str) -> None:
    with pytest.raises(UsageError, match=f"Missing value for required parameter '{missing}'"):
        point(**{missing: None})


@pytest.mark.parametrize("key", ["acc", "val/acc", "a.b-c d:e_9", "größe", "x" * 250])
def test_keys_that_are_taken(key: str) -> None:
    assert checked_key(key, path="key", what="Param key") == key


def test_a_key_is_kept_in_nfc() -> None:
    assert checked_key("gro\u0308ße", path="key", what="Param key") == "größe"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "..",
        "../a",
        "/a",
        "a//b",
        "a/.",
        ".",
        "a\x00",
        "a\n",
        "a?b",
        "<img>",
        "x" * 251,
        "\u202ea",
        "\ud800",
    ],
    ids=ascii,
)
def test_keys_that_are_refused(key: str) -> None:
    with pytest.raises(UsageError):
        checked_key(key, path="key", what="Param key")


def test_values_are_kept_whole_or_refused() -> None:
    assert param_of(Fields({"key": "p"})) == ("p", "")
    assert tag_of(Fields({"key": "t", "value": "\u202e<b>\n"})) == ("t", "\u202e<b>\n")
    for fields, reader in (
        ({"key": "p", "value": "x" * 6001}, param_of),
        ({"key": "t", "value": "x" * 8001}, tag_of),
        ({"key": "t", "value": "a\0b"}, tag_of),
        ({"key": "t", "value": 5}, tag_of),
        ({"key": 5, "value": "x"}, param_of),
    ):
        with pytest.raises(UsageError):
            reader(Fields(fields))


@pytest.mark.parametrize(
    "location",
    [
        "",
        "s3://bucket/a/b",
        "mlflow-artifacts:/0",
        "file:///data/runs",
        "gs://b/a%20b",
        "dbfs:/x..y",
    ],
)
def test_locations_that_are_kept(location: str) -> None:
    assert checked_location(location, what="artifact_location") == location


@pytest.mark.parametrize(
    "location",
    [
        "../../etc/passwd",
        "s3://b/../x",
        "file:..",
        "..%252f..",
        "%2e%2e/x",
        "s3://b/%25252e%25252e/x",
        "file:///etc/passwd#x",
        "http:///#/../..",
        "s3://b/a;x",
        "a\\..\\b",
        "runs:/abc/model",
        "s3://b/\n",
        "a%00b",
        "%" + "25" * 20 + "2e",
    ],
)
def test_locations_that_lead_astray_are_refused(location: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_location(location, what="artifact_location")
    assert caught.value.code is ErrorCode.INVALID_PATH


@given(st.text(max_size=40))
def test_any_location_is_kept_or_refused_with_a_typed_error(location: str) -> None:
    try:
        assert checked_location(location, what="x") == location
    except LineproofError as error:
        assert error.code in (ErrorCode.INVALID_PATH, ErrorCode.INVALID_NAME)


@pytest.mark.parametrize("model_id", ["", "../m", "m/1", "m#1", "m 1", "x" * 256])
def test_model_ids_that_are_paths_are_refused(model_id: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_model_id(model_id)
    assert caught.value.code is ErrorCode.INVALID_PATH
