"""The metric points that were logged for models, kept warm: few beside all points."""

from collections.abc import Collection, Iterable, Mapping

import polars as pl

from analytics.delta_lake import TableSnapshot, collect
from analytics.metric_rows import PointRow, rows_of


class ModelPoints:
    """Points by model id, in order of arrival. Not thread-safe: its owner holds a lock."""

    def __init__(self, stored: TableSnapshot) -> None:
        self._stored = stored
        self._rows: dict[str, list[PointRow]] | None = None
        self._added: list[PointRow] = []

    def add(self, rows: Iterable[PointRow]) -> None:
        """Take rows that ``stored`` lacks; those of no model are left out."""
        self._added += [row for row in rows if row.model_id is not None]

    def saved(self, stored: TableSnapshot) -> None:
        """All that was added stands in ``stored`` now."""
        if self._rows is None:
            self._stored, self._added = stored, []

    def of(self, model_ids: Collection[str] | None, *, before: int) -> Mapping[str, list[PointRow]]:
        """The points of these models, of all when None, from entries before ``before``.

        A model without points is absent. The first call reads the table. Raises ``BackendError``.
        """
        rows = self._all()
        wanted = sorted(rows) if model_ids is None else [one for one in model_ids if one in rows]
        found = {model: [row for row in rows[model] if row.seq < before] for model in wanted}
        return {model: points for model, points in found.items() if points}

    def _all(self) -> dict[str, list[PointRow]]:
        if self._rows is None:
            chosen = self._stored.scan().filter(pl.col("model_id").is_not_null())
            self._rows = {}
            self._take(rows_of(collect(chosen.sort("seq", "ordinal"))))
        self._take(self._added)
        self._added = []
        return self._rows

    def _take(self, rows: Iterable[PointRow]) -> None:
        known = self._rows if self._rows is not None else {}
        for row in rows:
            known.setdefault(str(row.model_id), []).append(row)
