"""Metric files of others (CSV, JSON lines, Parquet) as rows of text, a bounded part at a time."""

import itertools
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import polars as pl

from domain.errors import ErrorCode, UsageError
from domain.metric import parse_decimal

MetricCell: TypeAlias = str | int | float | bool | None
MetricFileRow: TypeAlias = dict[str, MetricCell]

ROWS_AT_ONCE: Final = 50_000
MAX_FOOTER: Final = 16 * 1024 * 1024
"""Bytes of a Parquet footer: it is read whole, and says how much else is."""
SUFFIXES: Final = (".csv", ".json", ".jsonl", ".ndjson", ".parquet")
EXPORTED: Final = pl.Schema(
    {
        "run": pl.String(),
        "key": pl.String(),
        "value": pl.Float64(),
        "step": pl.Int64(),
        "at": pl.Int64(),
    }
)
_MAGIC = b"PAR1"


def metric_file_rows(path: Path) -> Iterator[MetricFileRow]:
    """The rows of a file, in order, as plain values; the kind is told by the suffix.

    Raises ``UsageError``: INVALID_PATH for a link, MALFORMED for what cannot be read, with the
    reader's own reason.
    """
    if path.is_symlink() or not path.is_file():
        raise UsageError(f"{path.name} is no file.", code=ErrorCode.INVALID_PATH)
    try:
        scanned = _scan(path)
        total = _count(scanned)
        for start in range(0, total, ROWS_AT_ONCE):
            part = scanned.slice(start, ROWS_AT_ONCE).collect(engine="streaming")
            yield from (_plain(row) for row in part.iter_rows(named=True))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        reason = (str(error).splitlines() or ["it cannot be read"])[0]
        raise UsageError(
            f"{path.name} cannot be read: {reason[:300]}.", code=ErrorCode.MALFORMED
        ) from error


def _scan(path: Path) -> pl.LazyFrame:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        _check_footer(path)
        return pl.scan_parquet(path, glob=False)
    if suffix == ".csv":
        return pl.scan_csv(path, glob=False, infer_schema=False)
    if suffix in SUFFIXES:
        return pl.scan_ndjson(path, infer_schema_length=None)
    raise UsageError(
        f"{path.name} is no metrics file.",
        code=ErrorCode.INVALID_ARGUMENT,
        hint=f"Its name should end in one of {', '.join(SUFFIXES)}.",
    )


def _count(scanned: pl.LazyFrame) -> int:
    return int(scanned.select(pl.len()).collect(engine="streaming").item())


def _check_footer(path: Path) -> None:
    """The file format's own frame: magic, footer, its length in four bytes, magic."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, size - 8), os.SEEK_SET)
        tail = file.read(8)
    if size < 12 or head != _MAGIC or tail[4:] != _MAGIC:
        raise UsageError(f"{path.name} is no Parquet file.", code=ErrorCode.MALFORMED)
    (footer,) = struct.unpack("<I", tail[:4])
    if footer > min(size - 12, MAX_FOOTER):
        raise UsageError(
            f"{path.name} says that its footer has {footer} bytes, which cannot be.",
            code=ErrorCode.MALFORMED,
        )


def _plain(row: dict[str, object]) -> MetricFileRow:
    return {
        name: value if isinstance(value, str | int | float | bool) or value is None else str(value)
        for name, value in row.items()
    }


def write_points(path: Path, rows: Iterable[tuple[str, str, str, int, int]]) -> int:
    """Write (run, key, value as text, step, milliseconds) as Parquet; how many rows there were.

    Values are doubles in the file, non-finite ones included. Raises ``OSError``.
    """
    parts = [pl.DataFrame(schema=EXPORTED)]
    remaining = iter(rows)
    while part := list(itertools.islice(remaining, ROWS_AT_ONCE)):
        values = [(run, key, parse_decimal(text), step, at) for run, key, text, step, at in part]
        parts.append(pl.DataFrame(values, schema=EXPORTED, orient="row"))
    table = pl.concat(parts)
    table.write_parquet(path)
    return table.height
