"""The kinds of files that can be imported, and who reads each. Readers are loaded when used."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from domain.errors import ErrorCode, UsageError
from ingest.record import Item

KINDS: Final = ("asv", "dvc", "metrics", "mlflow", "openlineage", "prov")


def read_items(
    kind: str, path: Path, *, experiment: str, columns: Mapping[str, str]
) -> Iterator[Item]:
    """Records, and what could not be read, in a stable order.

    ``experiment`` is where runs go that name none; empty: named after the file or folder.
    ``columns`` maps ``run``, ``key``, ``value``, ``step``, ``timestamp`` to columns of a metrics
    file. Raises ``UsageError`` when nothing of ``path`` can be read.
    """
    if not path.exists():
        raise UsageError(f"There is no {path}.", code=ErrorCode.INVALID_PATH)
    if columns and kind != "metrics":
        raise UsageError("Only metrics files have a column map.")
    place = experiment or path.resolve().name or kind
    if kind == "metrics":
        from ingest.files.metrics import read_metrics

        return read_metrics(path, place, columns)
    if kind == "mlflow":
        return _read_mlflow(path)
    if kind == "openlineage":
        from ingest.files.event_lines import read_event_lines

        return read_event_lines(path)
    return _read_history(kind, path, place)


def _read_mlflow(path: Path) -> Iterator[Item]:
    if path.is_dir():
        from ingest.files.mlruns import read_mlruns

        return read_mlruns(path)
    from ingest.files.mlflow_database import read_mlflow_database

    return read_mlflow_database(path)


def _read_history(kind: str, path: Path, place: str) -> Iterator[Item]:
    if kind == "dvc":
        from ingest.files.dvc import read_dvc

        return read_dvc(path, place)
    if kind == "asv":
        from ingest.files.asv import read_asv

        return read_asv(path, place)
    if kind == "prov":
        from ingest.files.prov import read_prov

        return read_prov(path, place)
    raise UsageError(f"{kind!r} cannot be imported.", hint=f"Use one of {', '.join(KINDS)}.")
