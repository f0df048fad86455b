"""Asks a server over HTTP, and believes nothing that does not look right.

As ``ledger.http_exchange`` asks: bounded, no redirects. Whatever is not the promised JSON is a
``BackendError``: never a pass.
"""

import json
from typing import BinaryIO
from urllib.parse import quote

from domain.canonical import JsonObject
from domain.errors import ErrorCode, LineproofError, UsageError
from domain.ids import DEFAULT_PROJECT
from domain.strict_json import parse_json_object
from ledger.http_exchange import HttpExchange

TOTAL_SECONDS = 120.0
"""From connecting to the last byte of the answer."""
ANSWER_LIMIT = 64 * 1024 * 1024
"""Bytes."""

_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_SLOWEST = 256 * 1024
"""Bytes per second that an upload may take its time for."""
_JSON = "application/json"
_PROBLEM = "application/problem+json"
_TEXT = "text/plain"


class RemoteBackend:
    """A running server, in one project. ``seconds`` bounds each question."""

    def __init__(self, url: str, project: str, *, seconds: float = TOTAL_SECONDS) -> None:
        self._server = HttpExchange(url, seconds=seconds)
        self._prefix = "" if project == DEFAULT_PROJECT else f"/projects/{quote(project)}"

    def gate(self, request: JsonObject) -> JsonObject:
        """``POST /gate``: a verdict."""
        return self._posted("/gate", request)

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
            raise self._server.broken("is not UTF-8") from error

    def compare(self, request: JsonObject) -> JsonObject:
        """``POST /compare``: the comparison of two sets of runs."""
        return self._posted("/compare", request)

    def lineage(self, request: JsonObject) -> JsonObject:
        """``POST /lineage``: what stands upstream or downstream, or the path between two nodes."""
        return self._posted("/lineage", request)

    def upload(self, path: str, file: BinaryIO, size: int) -> None:
        """``PUT`` of MLflow's artifact API: stores a file, as it is read."""
        address = f"{self._prefix}{_ARTIFACTS}/{quote(path)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        server = HttpExchange(self._server.url, seconds=TOTAL_SECONDS + size / _SLOWEST)
        try:
            answer = server.ask("PUT", address, file, headers, limit=ANSWER_LIMIT)
        finally:
            server.close()
        if answer.status != 200 or answer.kind != _JSON:
            said = answer.data[:300].decode("utf-8", "replace")
            raise server.broken(f"has status {answer.status}: {said}")

    def ask(self, operation: str, arguments: JsonObject) -> JsonObject:
        """``POST /operations/<name>``: carries out an operation."""
        path = f"/operations/{quote(operation, safe='')}"
        body = json.dumps(arguments).encode()
        return self._object(self._ask("POST", path, body, _JSON, wanted=_JSON))

    def close(self) -> None:
        """Nothing stays open between questions."""

    def _posted(self, address: str, request: JsonObject) -> JsonObject:
        body = json.dumps(request).encode()
        return self._object(self._ask("POST", address, body, _JSON, wanted=_JSON))

    def _object(self, data: bytes) -> JsonObject:
        try:
            return parse_json_object(data)
        except UsageError as error:
            raise self._server.broken("is not the JSON that was asked for") from error

    def _ask(self, method: str, path: str, body: bytes, kind: str, *, wanted: str) -> bytes:
        headers = {"Accept": wanted, **({"Content-Type": kind} if kind else {})}
        address = self._prefix + path
        try:
            answer = self._server.ask(method, address, body, headers, limit=ANSWER_LIMIT)
        finally:
            self._server.close()
        if answer.status == 200 and answer.kind == wanted:
            return answer.data
        if answer.kind == _PROBLEM and answer.status >= 400:
            raise self._reported(answer.data)
        if 300 <= answer.status < 400:
            raise self._server.broken("is a redirect, which is not followed")
        raise self._server.broken(f"has status {answer.status} and type {answer.kind}")

    def _reported(self, data: bytes) -> LineproofError:
        """The server's own typed error."""
        problem = self._object(data)
        try:
            code = ErrorCode(str(problem.get("code")))
        except ValueError:
            return self._server.broken("is an error of an unknown kind")
        hint = str(problem.get("hint", ""))
        context = {"request_id": str(problem.get("request_id", ""))}
        return LineproofError(str(problem.get("detail")), code=code, hint=hint, context=context)
