"""Secrets do not reach a log, whatever shape they come in."""

import pytest

from telemetry.redaction import REDACTED, redacted, redacted_text


@pytest.mark.parametrize(
    "key",
    ["password", "DB_PASSWORD", "aws_secret_access_key", "api-key", "Authorization", "auth_token"],
)
def test_a_value_under_a_secret_key_is_replaced_at_any_depth(key: str) -> None:
    assert redacted({"params": [{key: "hunter2"}]}) == {"params": [{key: REDACTED}]}


@pytest.mark.parametrize("key", ["max_tokens", "key", "metric_key", "run_id", "idempotency_key"])
def test_innocent_keys_keep_their_values(key: str) -> None:
    assert redacted({key: "value"}) == {key: "value"}


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:hunter2@host/db",
        "Authorization: Bearer hunter2",
        "password=hunter2",
        "{'DB_PASSWORD': 'hunter2'}",
        '"client_secret": "hunter2", "x": 1',
        "the token lp_42_hunter2 was refused",
        "--api-key=hunter2 --alpha=1",
    ],
)
def test_secrets_inside_text_are_replaced(text: str) -> None:
    assert "hunter2" not in redacted_text(text)


def test_text_without_secrets_is_kept() -> None:
    text = "run 7 of group:abc took 3 s, max_tokens=5, see http://127.0.0.1:8420/graphql"
    assert redacted_text(text) == text


def test_numbers_and_bytes_pass_through() -> None:
    assert redacted({"n": 3, "b": b"x", "none": None}) == {"n": 3, "b": b"x", "none": None}
