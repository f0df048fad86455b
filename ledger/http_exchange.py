"""Questions over HTTP to whom nobody vouches for: another's ledger, a witness, a server.

Only the standard library's client is used, so that a command starts fast. Redirects are not
followed, proxies are not used, an answer has a size and a time limit.
"""

import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
)
from types import MappingProxyType
from typing import BinaryIO
from urllib.parse import urlsplit

from domain.errors import BackendError

CONNECT_SECONDS = 10.0
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; its status may be anything."""

    status: int
    kind: str
    """The media type without its parameters, in lower case."""
    data: bytes


class HttpExchange:
    """One server and path prefix; the connection stays open between questions. Not thread-safe.

    ``seconds`` bounds each question from connecting to the last byte of the answer.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        parts = urlsplit(url)
        self.url = url
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host = parts.hostname or ""
        self._port = parts.port
        self._base = parts.path.rstrip("/")
        self._seconds = seconds
        self._connection: HTTPConnection | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO = b"",
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        limit: int,
    ) -> Answer:
        """The answer, of at most ``limit`` bytes. A file as the body is sent as it is read.

        Raises ``BackendError`` when there is none, or it is larger.
        """
        again = self._connection is not None and method == "GET"
        try:
            return self._once(method, path, body, headers, limit)
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            # A server may close an idle connection at any time: that alone says nothing.
            if not again or isinstance(error, TimeoutError):
                raise self._unreachable(error) from error
        try:
            return self._once(method, path, body, headers, limit)
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def broken(self, why: str) -> BackendError:
        """The error for an answer that cannot be believed."""
        return BackendError(
            f"The answer of {self.url} {why}.",
            hint="Is this address a Lineproof server of this version?",
        )

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO,
        headers: Mapping[str, str],
        limit: int,
    ) -> Answer:
        connection = self._connection or self._connect()
        with _deadline(connection, self._seconds):
            connection.request(method, self._base + path, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            data = response.read(limit + 1)
        if len(data) > limit:
            self.close()
            raise self.broken("is too large")
        if response.length or (response.length is None and not response.chunked):
            # An answer that does not say where it ends cannot be told from one that was cut.
            raise IncompleteRead(data)
        return self._kept(response, data)

    def _kept(self, response: HTTPResponse, data: bytes) -> Answer:
        if response.will_close or not response.isclosed():
            self.close()
        return Answer(response.status, response.headers.get_content_type(), data)

    def _connect(self) -> HTTPConnection:
        timeout = min(CONNECT_SECONDS, self._seconds)
        connection = self._kind(self._host, self._port, timeout=timeout)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _unreachable(self, cause: Exception) -> BackendError:
        why = "it did not answer in time" if isinstance(cause, TimeoutError) else str(cause)
        return BackendError(
            f"The server {self.url} cannot be reached: {why}.",
            hint="Is `lineproof serve` running there?",
        )


@contextmanager
def _deadline(connection: HTTPConnection, seconds: float) -> Generator[None]:
    """Cuts the connection after ``seconds``, however slowly the other side keeps sending."""
    stream: socket.socket = connection.sock
    stream.settimeout(seconds)
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            stream.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():
            raise TimeoutError
