"""A log that a command names by a folder or an address: its files, and the keys beside them."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.errors import UsageError
from ledger.http_reader import HttpReader
from ledger.reader import LogReader, StaticReader
from lineproof.settings import checked_url, is_url

KEYS_FILE = "ledger.toml"


@dataclass(frozen=True, slots=True)
class LogPlace:
    """An open log; nothing in it is verified yet."""

    reader: LogReader
    keys: bytes | None
    """The log's ``ledger.toml``, where it has one."""


@contextmanager
def open_log_place(place: str) -> Generator[LogPlace]:
    """A data folder, a folder of tlog-tiles, a server, or the address of any tlog-tiles log."""
    if is_url(place):
        remote = HttpReader(checked_url(place))
        try:
            yield LogPlace(remote, remote.file(KEYS_FILE))
        finally:
            remote.close()
    else:
        yield _folder(Path(place))


def _folder(folder: Path) -> LogPlace:
    from ledger.durable import read_file

    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", hint="Name a data folder or an address.")
    ledger = folder / "ledger"
    if ledger.is_dir():
        return LogPlace(StaticReader(ledger / "static"), read_file(ledger / KEYS_FILE))
    return LogPlace(StaticReader(folder), read_file(folder / KEYS_FILE))
