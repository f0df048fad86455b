"""OpenLineage events as JSON lines, as the file transport of its clients writes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from domain.errors import ErrorCode, LineproofError, UsageError
from domain.strict_json import parse_json_object
from ingest.record import Broken, EventRecord, Item

MAX_LINE: Final = 7 * 1024 * 1024
"""Bytes."""


def read_event_lines(path: Path) -> Iterator[Item]:
    """Every line in order; an empty line is nothing, a broken one is reported."""
    if path.is_symlink() or not path.is_file():
        raise UsageError(f"{path} is no file.", code=ErrorCode.INVALID_PATH)
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            try:
                if len(line) > MAX_LINE:
                    _skip_rest(line, file)
                    raise UsageError(f"it is longer than {MAX_LINE} bytes")
                if line.strip():
                    yield EventRecord(kind="event", event=parse_json_object(line))
            except LineproofError as error:
                yield Broken(f"{path.name}:{number}", error.message)


def _skip_rest(line: bytes, file: BinaryIO) -> None:
    """Read on to the end of an over-long line."""
    while line and not line.endswith(b"\n"):
        line = file.readline(MAX_LINE)
