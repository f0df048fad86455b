"""Points that are applied but not yet in the table: visible to this process at once."""

from collections.abc import Collection, Iterable

import polars as pl

from analytics.metric_rows import PointRow, Series, point_frame


class Overlay:
    """The applied tail of ``metric_points``. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._rows: dict[Series, list[PointRow]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, rows: Iterable[PointRow]) -> None:
        """Take rows that are not in the table."""
        for row in rows:
            self._rows.setdefault((row.run, row.key), []).append(row)
            self._count += 1

    def rows(self, series: Collection[Series], *, before: int) -> list[PointRow]:
        """The rows of ``series`` from entries before ``before``."""
        return [row for one in series for row in self._rows.get(one, ()) if row.seq < before]

    def frame(self) -> pl.DataFrame:
        """All rows by (run, key), each series in order of arrival."""
        return point_frame([row for one in sorted(self._rows) for row in self._rows[one]])
