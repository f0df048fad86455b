"""A Delta Lake table whose ledger cursor moves in the same commit as its rows.

The commit is a compare-and-swap: two commits that carry the same application transaction id
conflict in Delta's own check, however they are retried, so of two writers that read the same
version exactly one succeeds. Compaction carries no such id and therefore conflicts with nobody.
No exception of Polars or Delta Lake leaves this module.
"""

import re
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import structlog
from deltalake import (
    CommitProperties,
    DeltaTable,
    Field,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType

from analytics.cursor_transactions import from_transactions, to_transactions
from domain.errors import BackendError, ErrorCode, StaleError, UsageError
from ledger.projection import Cursor

log = structlog.get_logger()

COMPACT_FILES = 64
"""Small files are joined when a table has gained this many."""
_DELTA_TYPES: Mapping[pl.DataType, str] = {
    pl.String(): "string",
    pl.Int64(): "long",
    pl.Int32(): "integer",
    pl.Float64(): "double",
}
_CONFIGURATION: dict[str, str | None] = {
    # Statistics on what readers select by; not on values, where NaN has no place in JSON.
    "delta.dataSkippingStatsColumns": "run,key,seq",
    "delta.checkpointInterval": "20",
}
_FOREIGN = (DeltaError, pl.exceptions.PolarsError, OSError, ValueError, RuntimeError)
_UNADDRESSABLE = re.compile(r"[\[\]%|^\\\x00-\x1f]")
# Small row groups, so that one run's rows are found by their statistics.
_WRITER = WriterProperties(compression="ZSTD", max_row_group_size=64 * 1024)


@dataclass(frozen=True, slots=True)
class TableSnapshot:
    """One version of a table, which later commits do not change. Empty when there is no table."""

    folder: Path
    columns: pl.Schema
    cursor: Cursor
    table: DeltaTable | None

    @property
    def files(self) -> int:
        """How many data files it is made of."""
        return len(self._paths())

    def scan(self) -> pl.LazyFrame:
        """All rows, lazily: filters are pushed down to the files."""
        paths = self._paths()
        if not paths:
            return pl.LazyFrame(schema=self.columns)
        # Not pl.scan_delta: it imports pyarrow, which costs 60 MB and half a second, for features
        # (partitions, deletion vectors, renamed columns) that these tables do not use.
        return pl.scan_parquet(paths, schema=self.columns, glob=False, hive_partitioning=False)

    def _paths(self) -> list[Path]:
        if self.table is None:
            return []
        with translated():
            actions = pl.DataFrame(self.table.get_add_actions())
            return [self.folder / name for name in actions["path"].to_list()]


class CursorTable:
    """Opens, extends, compacts and removes one table in a folder of its own."""

    def __init__(self, folder: Path, columns: pl.Schema, optional: frozenset[str]) -> None:
        """Nothing is created yet. Raises ``UsageError`` for a path that Delta cannot address."""
        self._folder = _addressable(folder.absolute())
        self._columns = columns
        self._optional = optional
        self._large = 0  # Files that the last compaction left.

    def snapshot(self) -> TableSnapshot:
        """The latest version. Raises ``BackendError`` when it cannot be read."""
        with translated():
            try:
                table = DeltaTable(self._folder)
            except TableNotFoundError:
                return self._snapshot(Cursor(), None)
            return self._snapshot(from_transactions(table.transaction_version), table)

    def append(self, rows: pl.DataFrame, *, old: Cursor, new: Cursor) -> TableSnapshot:
        """Add ``rows`` and move the cursor from ``old`` to ``new`` in one commit.

        Raises ``StaleError`` when the table's cursor is not ``old``; nothing was changed then.
        Raises ``BackendError`` when the commit failed for another reason.
        """
        table = self._created()
        with translated():
            if from_transactions(table.transaction_version) != old:
                raise self._moved()
            identifiers = [Transaction(name, value) for name, value in to_transactions(new)]
            try:
                write_deltalake(
                    table,
                    rows,
                    mode="append",
                    writer_properties=_WRITER,
                    commit_properties=CommitProperties(app_transactions=identifiers),
                )
            except CommitFailedError as error:
                if self.snapshot().cursor != old:
                    raise self._moved() from error
                raise
        return self._snapshot(new, table)

    def crowded(self, snapshot: TableSnapshot) -> bool:
        """Whether the table has gained so many files that ``compact`` is worth its while."""
        return snapshot.files - self._large >= COMPACT_FILES

    def compact(self) -> None:
        """Join small files, and remove those that no version of the last week needs.

        May run beside ``append``: snapshots keep their files, the next append finds the new ones.
        Raises ``BackendError``.
        """
        with translated():
            table = DeltaTable(self._folder)
            table.optimize.compact(writer_properties=_WRITER)
            table.vacuum(dry_run=False)
            self._large = self._snapshot(Cursor(), table).files
        log.info("table.compacted", table=self._folder.name, files=self._large)

    def remove(self) -> None:
        """Delete the table. A crash leaves either the whole table or none."""
        discarded = self._folder.with_name(self._folder.name + ".discarded")
        with translated():
            shutil.rmtree(discarded, ignore_errors=True)
            if self._folder.exists():
                self._folder.rename(discarded)
                shutil.rmtree(discarded)

    def _snapshot(self, cursor: Cursor, table: DeltaTable | None) -> TableSnapshot:
        return TableSnapshot(self._folder, self._columns, cursor, table)

    def _created(self) -> DeltaTable:
        """A handle of its own on the latest version, of a new table when there is none."""
        with translated():
            try:
                return DeltaTable(self._folder)
            except TableNotFoundError:
                self._create()
                return DeltaTable(self._folder)

    def _create(self) -> None:
        try:
            DeltaTable.create(
                self._folder,
                self._schema(),
                configuration=_CONFIGURATION,
                # A retry would commit the metadata again, on top of the other's table.
                commit_properties=CommitProperties(max_commit_retries=0),
            )
        except DeltaError as error:
            # Another process was first, and its table is as good; else the next opening fails.
            log.info("table.creation_lost", table=self._folder.name, reason=str(error))

    def _schema(self) -> Schema:
        return Schema(
            [
                Field(name, PrimitiveType(_DELTA_TYPES[kind]), nullable=name in self._optional)
                for name, kind in self._columns.items()
            ]
        )

    def _moved(self) -> StaleError:
        return StaleError(
            f"Another process moved the cursor of {self._folder.name}.",
            hint="Read the cursor again and apply from there.",
        )


def collect(frame: pl.LazyFrame) -> pl.DataFrame:
    """Run a lazy query. Raises ``BackendError`` when a file cannot be read."""
    with translated():
        return frame.collect()


@contextmanager
def translated() -> Generator[None]:
    """Foreign exceptions become ``BackendError``, with their cause kept."""
    try:
        yield
    except BaseException as error:
        # A panic in Polars or Delta Lake (on some damaged files) is no Exception, and of a class
        # that each library makes for itself in this module's name.
        if not isinstance(error, _FOREIGN) and type(error).__module__ != "pyo3_runtime":
            raise
        raise BackendError(
            "The metric tables could not be read or written.",
            hint="Check the disk; when files are damaged, delete the tables' folder: they are "
            "rebuilt from the ledger.",
            context={"reason": str(error)[:500]},
        ) from error


def _addressable(folder: Path) -> Path:
    found = _UNADDRESSABLE.search(str(folder))
    if found:
        raise UsageError(
            f"Delta Lake cannot address the folder {str(folder)!r}.",
            code=ErrorCode.CONFIG_INVALID,
            hint=f"Choose a data folder without {found.group()!r} in its path.",
        )
    return folder
