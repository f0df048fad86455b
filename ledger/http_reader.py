"""Reading a tlog-tiles log over HTTP: ours, or any that the specification describes."""

from domain.errors import BackendError
from ledger.http_exchange import HttpExchange
from ledger.reader import LogReader
from ledger.tiles import CHECKPOINT

SECONDS = 30.0
"""For each file."""
FILE_LIMIT = 256 * (2 + 65_535)
"""Bytes of the largest bundle that the specification allows."""
_OURS = "/ledger/"
_ANY = "/"


class HttpReader(LogReader):
    """The log of a Lineproof server, or the one whose prefix is the address itself."""

    def __init__(self, url: str) -> None:
        super().__init__(self._get)
        self._exchange = HttpExchange(url, seconds=SECONDS)
        self._prefix: str | None = None

    def file(self, path: str) -> bytes | None:
        """A file that stands beside the log's own; None when there is none."""
        return self._get(path)

    def close(self) -> None:
        """Let go of the connection."""
        self._exchange.close()

    def _get(self, path: str) -> bytes | None:
        if self._prefix is None:
            self._prefix = _OURS if self._ask(_OURS + CHECKPOINT) is not None else _ANY
        return self._ask(self._prefix + path)

    def _ask(self, path: str) -> bytes | None:
        answer = self._exchange.ask("GET", path, limit=FILE_LIMIT)
        if answer.status == 200:
            return answer.data
        if answer.status in (404, 410):
            return None
        raise self._refused(answer.status)

    def _refused(self, status: int) -> BackendError:
        if 300 <= status < 400:
            return self._exchange.broken("is a redirect, which is not followed")
        return self._exchange.broken(f"has status {status}")
