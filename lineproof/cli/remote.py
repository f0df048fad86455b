"""Asks a server over HTTP, and believes nothing that does not look right.

Only the standard library's client is used, so that a gate in a pipeline starts fast. Redirects are
not followed, proxies are not used, an answer has a size and a time limit, and whatever is not the
promised JSON is a ``BackendError``: never a pass.
"""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import quote, urlsplit

from domain.canonical import JsonObject
from domain.errors import BackendError, ErrorCode, LineproofError, UsageError
from domain.ids import DEFAULT_PROJECT
from domain.strict_json import parse_json_object

CONNECT_SECONDS = 10.0
TOTAL_SECONDS = 120.0
"""From connecting to the last byte of the answer."""
ANSWER_LIMIT = 64 * 1024 * 1024
"""Bytes."""

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_TEXT = "text/plain"


class RemoteBackend:
    """A running server, in one project. ``seconds`` bounds each question."""

    def __init__(self, url: str, project: str, *, seconds: float = TOTAL_SECONDS) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port
        prefix = "" if project == DEFAULT_PROJECT else f"/projects/{quote(project)}"
        self._base = parts.path.rstrip("/") + prefix
        self._url = url
        self._seconds = seconds

    def gate(self, request: JsonObject) -> JsonObject:
        """``POST /gate``: a verdict."""
        body = json.dumps(request).encode()
        return self._object(self._ask("POST", "/gate", body, _JSON, wanted=_JSON))

    def apply_policies(self, text: str) -> JsonObject:
        """``POST /policies``: declares every policy of a document."""
        body = text.encode()
        return self._object(self._ask("POST", "/policies", body, "application/yaml", wanted=_JSON))

    def verdict(self, verdict_id: str) -> JsonObject:
        """``GET /verdicts/<id>``: a recorded verdict."""
        path = f"/verdicts/{quote(verdict_id, safe='')}"
        return self._object(self._ask("GET", path, b"", "", wanted=_JSON))

    def proof(self, seq: int) -> str:
        """``GET /proofs/<seq>``: the tlog-proof of an entry."""
        data = self._ask("GET", f"/proofs/{seq}", b"", "", wanted=_TEXT)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._broken("is not UTF-8") from error

    def close(self) -> None:
        """Nothing stays open between questions."""

    def _object(self, data: bytes) -> JsonObject:
        try:
            return parse_json_object(data)
        except UsageError as error:
            raise self._broken("is not the JSON that was asked for") from error

    def _ask(self, method: str, path: str, body: bytes, kind: str, *, wanted: str) -> bytes:
        headers = {"Accept": wanted, **({"Content-Type": kind} if kind else {})}
        connection = self._connection()
        try:
            connection.connect()
            with _deadline(connection, self._seconds):
                connection.request(method, self._base + path, body=body or None, headers=headers)
                response = connection.getresponse()
                data = response.read(ANSWER_LIMIT + 1)
        except (OSError, HTTPException, ValueError) as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()
        if len(data) > ANSWER_LIMIT:
            raise self._broken("is too large")
        return self._checked(response, data, wanted)

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._secure else HTTPConnection
        return kind(self._host, self._port, timeout=min(CONNECT_SECONDS, self._seconds))

    def _checked(self, response: HTTPResponse, data: bytes, wanted: str) -> bytes:
        kind = response.headers.get_content_type()
        if response.status == 200 and kind == wanted:
            return data
        if kind == _PROBLEM and response.status >= 400:
            raise self._reported(data)
        if 300 <= response.status < 400:
            raise self._broken("is a redirect, which is not followed")
        raise self._broken(f"has status {response.status} and type {kind}")

    def _reported(self, data: bytes) -> LineproofError:
        """The server's own typed error."""
        problem = self._object(data)
        try:
            code = ErrorCode(str(problem.get("code")))
        except ValueError:
            return self._broken("is an error of an unknown kind")
        hint = str(problem.get("hint", ""))
        context = {"request_id": str(problem.get("request_id", ""))}
        return LineproofError(str(problem.get("detail")), code=code, hint=hint, context=context)

    def _unreachable(self, cause: Exception) -> BackendError:
        why = "it did not answer in time" if isinstance(cause, TimeoutError) else str(cause)
        return BackendError(
            f"The server {self._url} cannot be reached: {why}.",
            hint="Is `lineproof serve` running there?",
        )

    def _broken(self, why: str) -> BackendError:
        return BackendError(
            f"The answer of {self._url} {why}.",
            hint="Is this address a Lineproof server of this version?",
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
