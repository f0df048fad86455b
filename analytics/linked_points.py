"""The metric points that were logged for a model or on a dataset, kept warm: few beside all."""

from collections.abc import Callable, Collection, Iterable, Mapping

import polars as pl

from analytics.delta_lake import TableSnapshot, collect
from analytics.metric_rows import PointRow, rows_of


class LinkedPoints:
    """Points that have a value in a column, by owner, in order of arrival.

    Not thread-safe: its holder has a lock.
    """

    def __init__(
        self, stored: TableSnapshot, column: str, owner: Callable[[PointRow], str]
    ) -> None:
        self._stored = stored
        self._column = column
        self._owner = owner
        self._rows: dict[str, list[PointRow]] | None = None
        self._added: list[PointRow] = []

    @classmethod
    def of_models(cls, stored: TableSnapshot) -> "LinkedPoints":
        """Those that were logged for a model, by model id."""
        return cls(stored, "model_id", lambda row: str(row.model_id))

    @classmethod
    def of_datasets(cls, stored: TableSnapshot) -> "LinkedPoints":
        """Those that were logged on a dataset, by run id."""
        return cls(stored, "dataset_name", lambda row: row.run)

    def add(self, rows: Iterable[PointRow]) -> None:
        """Take rows that ``stored`` lacks; those without a link are left out."""
        self._added += [row for row in rows if getattr(row, self._column) is not None]

    def saved(self, stored: TableSnapshot) -> None:
        """All that was added stands in ``stored`` now."""
        if self._rows is None:
            self._stored, self._added = stored, []

    def of(self, owners: Collection[str] | None, *, before: int) -> Mapping[str, list[PointRow]]:
        """The points of these owners, of all when None, from entries before ``before``.

        An owner without points is absent. The first call reads the table. Raises ``BackendError``.
        """
        rows = self._all()
        wanted = sorted(rows) if owners is None else [one for one in owners if one in rows]
        found = {owner: [row for row in rows[owner] if row.seq < before] for owner in wanted}
        return {owner: points for owner, points in found.items() if points}

    def _all(self) -> dict[str, list[PointRow]]:
        if self._rows is None:
            chosen = self._stored.scan().filter(pl.col(self._column).is_not_null())
            self._rows = {}
            self._take(self._rows, rows_of(collect(chosen.sort("seq", "ordinal"))))
        self._take(self._rows, self._added)
        self._added = []
        return self._rows

    def _take(self, known: dict[str, list[PointRow]], rows: Iterable[PointRow]) -> None:
        for row in rows:
            known.setdefault(self._owner(row), []).append(row)
