"""One line an event, with the request id, without secrets, on the stream that was given."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from telemetry.logging import configure_logging


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


def _events(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_events_carry_level_time_and_request_id() -> None:
    stream = io.StringIO()
    configure_logging(log_format="json", stream=stream)
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        structlog.get_logger().info("run.ingested", run_id="r1")
    (event,) = _events(stream)
    assert event["event"] == "run.ingested"
    assert event["run_id"] == "r1"
    assert event["request_id"] == "req-1"
    assert event["level"] == "info"
    assert str(event["timestamp"]).endswith("Z")


def test_less_severe_events_are_dropped() -> None:
    stream = io.StringIO()
    configure_logging(log_format="json", level="warning", stream=stream)
    structlog.get_logger().info("run.ingested")
    assert stream.getvalue() == ""


def test_a_traceback_is_logged_without_the_secrets_in_its_message() -> None:
    stream = io.StringIO()
    configure_logging(log_format="json", stream=stream)
    try:
        raise ValueError("cannot log in with password=hunter2")
    except ValueError:
        structlog.get_logger().exception("http.request_failed", params={"api_key": "hunter2"})
    assert "hunter2" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_records_of_the_standard_library_go_the_same_way() -> None:
    stream = io.StringIO()
    configure_logging(log_format="json", stream=stream)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request, token=%s", "hunter2")
    (event,) = _events(stream)
    assert event["level"] == "warning"
    assert "hunter2" not in stream.getvalue()


def test_a_terminal_gets_text_that_people_read() -> None:
    stream = io.StringIO()
    configure_logging(log_format="console", stream=stream)
    structlog.get_logger().info("checkpoint.published", size=3)
    assert "checkpoint.published" in stream.getvalue()
    assert "size=3" in stream.getvalue()
