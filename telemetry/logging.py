"""Configures structlog for the process: one line an event, to stderr, secrets redacted.

Events are ``noun.past_verb`` with key-values. JSON in a service, readable on a terminal. Context
variables (the request id) are bound into every event. The standard library's log records, such as
the web server's, go the same way.
"""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

from telemetry.redaction import redact_event


def configure_logging(
    *, log_format: str = "auto", level: str = "info", stream: TextIO | None = None
) -> None:
    """Send every log to ``stream`` (stderr unless given), from ``level`` upwards.

    ``log_format`` is ``json``, ``console``, or ``auto``: readable when the stream is a terminal.
    """
    output: TextIO = sys.stderr if stream is None else stream
    readable = log_format == "console" or (log_format == "auto" and output.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    renderer = _renderer(readable=readable, colors=output.isatty())
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(file=output),
        cache_logger_on_first_use=False,
    )
    _adopt_standard_records(shared, renderer, output, least)


def _renderer(*, readable: bool, colors: bool) -> Processor:
    if readable:
        return structlog.dev.ConsoleRenderer(colors=colors)
    return structlog.processors.JSONRenderer(serializer=_line)


def _line(event: Any, default: Callable[[object], object]) -> str:
    """The event as JSON in ASCII, its keys sorted; what is beyond ASCII is shown escaped."""
    try:
        data = orjson.dumps(event, default=default, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # A lone surrogate, or a key that is no text.
        pass
    else:
        if data.isascii():
            return data.decode()
    return json.dumps(event, default=default, sort_keys=True)


def _adopt_standard_records(
    shared: list[Processor], renderer: Processor, stream: TextIO, least: int
) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(least, logging.WARNING))
