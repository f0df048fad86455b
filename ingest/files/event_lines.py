"""OpenLineage events as JSON lines, as the file transport of its clients writes them."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from domain.errors import ErrorCode, LineproofError, UsageError
from domain.strict_json import parse_json_object
from ingest.openlineage.event import event_time
from ingest.record import Broken, EventRecord, Item

MAX_LINE: Final = 7 * 1024 * 1024
"""Bytes."""


def read_event_lines(path: Path) -> Iterator[Item]:
    """Every line by the time of its event; those of one time in order.

    Several clients may have written the file, each when it could. An empty line is nothing, a
    broken one is reported first. Some fifty bytes of each line are kept.
    """
    if path.is_symlink() or not path.is_file():
        raise UsageError(f"{path} is no file.", code=ErrorCode.INVALID_PATH)
    times, places = array("q"), array("q")
    with path.open("rb") as file:
        number, place = 0, 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            try:
                if len(line) > MAX_LINE:
                    _skip_rest(line, file)
                    raise UsageError(f"it is longer than {MAX_LINE} bytes")
                if line.strip():
                    times.append(event_time(parse_json_object(line)))
                    places.append(place)
            except LineproofError as error:
                yield Broken(f"{path.name}:{number}", error.message)
            place = file.tell()
        for index in sorted(range(len(times)), key=times.__getitem__):
            file.seek(places[index])
            yield EventRecord(kind="event", event=parse_json_object(file.readline()))


def _skip_rest(line: bytes, file: BinaryIO) -> None:
    """Read on to the end of an over-long line."""
    while line and not line.endswith(b"\n"):
        line = file.readline(MAX_LINE)
