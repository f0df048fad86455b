"""The points of a run's metrics, gathered into records that each come to one small entry."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeAlias

from domain.canonical import JsonValue
from domain.metric import decimal_text, parse_decimal
from ingest.record import Points, SeriesRecord

Point: TypeAlias = list[JsonValue]
"""[value as decimal text, step, milliseconds], and what it was measured on where that is known."""

PACK_POINTS: Final = 150
"""Points of one record: with names of a usual length its entry needs no blob of its own."""


def point(value: str, step: int, timestamp: int) -> Point:
    """One point of a series; ``UsageError`` (INVALID_ARGUMENT) when the value is no number."""
    text = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(value.lower(), value)
    return [decimal_text(parse_decimal(text)), step, timestamp]


class SeriesPack:
    """Takes the metrics of one run after the other; gives a record whenever one is full."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._series: list[Points] = []
        self._size = 0

    def add(self, key: str, points: Iterable[Point], *, start: int = 0) -> Iterator[SeriesRecord]:
        """The records that ``points`` fill; ``start`` is how many points of ``key`` came before.

        What ``points`` gave before it raised stays in the pack.
        """
        left = iter(points)
        while True:
            if self._size >= PACK_POINTS:
                yield self._record()
            taken: list[Point] = []
            self._series.append(Points(key=key, start=start, points=taken))
            try:
                taken.extend(islice(left, PACK_POINTS - self._size))
            finally:
                self._size += len(taken)
            if not taken:
                self._series.pop()
                return
            start += len(taken)

    def rest(self) -> Iterator[SeriesRecord]:
        """What is left in the pack."""
        if self._size:
            yield self._record()

    def _record(self) -> SeriesRecord:
        record = SeriesRecord(kind="series", run_id=self._run_id, series=self._series)
        self._series, self._size = [], 0
        return record


def packed(run_id: str, metrics: Iterable[tuple[str, Iterable[Point]]]) -> Iterator[SeriesRecord]:
    """All metrics of a run."""
    pack = SeriesPack(run_id)
    for key, points in metrics:
        yield from pack.add(key, points)
    yield from pack.rest()
