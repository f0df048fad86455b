"""Faults between the question and the exit code: whatever breaks, nothing exits 0 (F13, row 38).

A real server, a relay that breaks its answers, and the whole command line. Each group of faults is
counted, and together they are at least ``LEAST``.
"""

import json
import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog

from analytics.tables import MetricTables
from domain.errors import (
    BackendError,
    ErrorCode,
    IntegrityError,
    OverloadedError,
    StaleError,
    StorageFullError,
)
from graph.sqlite import SqliteGraph
from ledger.log import Log
from ledger.signing import Signer
from lineproof import policies
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.services import Services
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.e2e.mlflow_server import RunningServer, running_server
from tests.lineproof.faulty_relay import Breaking, Relay, faulty_relay
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

LEAST = 500
GATE, CHECKPOINT, KEYS = "/gate", "/ledger/checkpoint", "/ledger/ledger.toml"
PASSING = [f"--candidate={','.join(GOOD[:5])}", f"--baseline={','.join(GOOD[5:])}"]
FAILING = [f"--candidate={','.join(WORSE)}", f"--baseline={','.join(GOOD)}"]


class Place(NamedTuple):
    """A server with planted runs, and the relay before it."""

    server: RunningServer
    relay: Relay

    def gate(self, sides: list[str], *more: str) -> int:
        return main(["gate", "--policy=release", *sides, f"--url={self.relay.url}", *more])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("faults") / "data") as server:
        plant_runs(server.services.log)
        policies.declare(server.services, POLICY, project="default", source="test")
        yield server


@pytest.fixture
def place(running: RunningServer) -> Iterator[Place]:
    with faulty_relay(running.url) as relay:
        yield Place(running, relay)


Fault = tuple[str, Breaking]


def _split(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


def _whole(head: bytes, body: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


def _cut(part: int, of: int) -> Breaking:
    return lambda answer: answer[: len(answer) * part // of]


def _flipped(part: int, of: int) -> Breaking:
    def flip(answer: bytes) -> bytes:
        at = len(answer) * part // of
        return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]

    return flip


def _status(line: str) -> Breaking:
    def change(answer: bytes) -> bytes:
        head, body = _split(answer)
        return _whole(f"HTTP/1.1 {line}\r\n".encode() + head.split(b"\r\n", 1)[1], body)

    return change


def _typed(kind: str) -> Breaking:
    def change(answer: bytes) -> bytes:
        head, body = _split(answer)
        lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Type")]
        return _whole(b"\r\n".join([*lines, kind.encode()]), body)

    return change


def _body(body: bytes) -> Breaking:
    return lambda answer: _whole(_split(answer)[0], body)


def _member(change: Callable[[dict[str, Any]], object]) -> Breaking:
    def edit(answer: bytes) -> bytes:
        head, body = _split(answer)
        verdict = json.loads(body)
        change(verdict)
        return _whole(head, json.dumps(verdict).encode())

    return edit


STATUSES = (
    "100 Continue",
    "201 Created",
    "202 Accepted",
    "203 Non-Authoritative Information",
    "204 No Content",
    "206 Partial Content",
    "300 Multiple Choices",
    "301 Moved Permanently\r\nLocation: http://127.0.0.1:1/gate",
    "302 Found\r\nLocation: /gate",
    "303 See Other\r\nLocation: /verdicts/x",
    "304 Not Modified",
    "307 Temporary Redirect\r\nLocation: http://evil.example/gate",
    "308 Permanent Redirect\r\nLocation: https://evil.example/gate",
    "400 Bad Request",
    "401 Unauthorized",
    "403 Forbidden",
    "404 Not Found",
    "409 Conflict",
    "421 Misdirected Request",
    "423 Locked",
    "429 Too Many Requests\r\nRetry-After: 1",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
    "999 What",
    "OK",
)
KINDS = (
    "",
    "text/html",
    "text/plain",
    "application/problem+json",
    "application/xml",
    "json",
    "*/*",
)
BODIES = (
    b"",
    b" ",
    b"null",
    b"true",
    b"0",
    b'"PASS"',
    b"[]",
    b"{}",
    b"PASS",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"<html>PASS</html>",
    b'{"errors": [{"message": "no"}]}',
    b'{"data": {"evaluateGate": {"outcome": "PASS", "exitCode": 0}}}',
    b'{"outcome": "PASS", "exitCode": 0}',
    b'{"outcome": "PASS", "statement": "PASS", "text": "PASS"}',
    b'{"outcome": "PASS", "statement": ["PASS"], "text": "PASS"}',
    b'{"outcome": true, "statement": {"outcome": true}, "text": "PASS"}',
    b'{"outcome": "pass", "statement": {"outcome": "pass"}, "text": "PASS"}',
    b'{"outcome": "PASS", "statement": {"outcome": "PASS"}, "text": ""}',
    b'{"outcome": "PASS", "statement": {"outcome": "PASS"}, "text": 0}',
    b'{"outcome": "FAIL", "outcome": "PASS", "statement": {"outcome": "PASS"}, "text": "x"}',
    b'{"outcome": "PASS", "statement": {"outcome": "PASS"}, "text": "x"} trailing',
    b"[" * 100_000,
    b'{"outcome": ' + b"9" * 5_000 + b"}",
)


def _problem(code: str) -> Breaking:
    body = json.dumps({"code": code, "detail": "no", "hint": "", "exitCode": 0}).encode()

    def change(answer: bytes) -> bytes:
        head = b"HTTP/1.1 500 No\r\nContent-Type: application/problem+json"
        return _whole(head, body)

    return change


def _word(name: str, value: object) -> Fault:
    return f"{name} is {value!r}", _member(lambda verdict: verdict.update({name: value}))


def _stated(value: object) -> Fault:
    return f"states {value!r}", _member(lambda verdict: verdict["statement"].update(outcome=value))


CHANGES: list[Fault] = [
    *((f"status {line}", _status(line)) for line in STATUSES),
    *(
        (f"type {kind}", _typed(f"Content-Type: {kind}" if kind else "X-Nothing: 1"))
        for kind in KINDS
    ),
    *((f"body {body[:40]!r}", _body(body)) for body in BODIES),
    *((f"error {code}", _problem(code)) for code in (*ErrorCode, "OK", "PASS", "")),
    *(
        _word(name, value)
        for name in ("outcome", "statement", "text")
        for value in (None, "", 0, False, [], {}, "FAIL", "ERROR", "INCONCLUSIVE", "GREEN")
        if (name, type(value)) != ("text", str) or value == ""
    ),
    *map(_stated, ("FAIL", "ERROR", "INCONCLUSIVE", "PASS", "", None, 0, "GREEN")),
    ("no outcome", _member(lambda verdict: verdict.pop("outcome"))),
    ("no statement", _member(lambda verdict: verdict.pop("statement"))),
    ("no text", _member(lambda verdict: verdict.pop("text"))),
]
"""Of an answer that says WARN."""
NETWORK: list[tuple[str, list[str], Fault]] = [
    *((GATE, PASSING, change) for change in CHANGES),
    *((GATE, PASSING, (f"cut {n}/80", _cut(n, 80))) for n in range(80)),
    *((CHECKPOINT, PASSING, (f"cut {n}/20", _cut(n, 20))) for n in range(20)),
    *((KEYS, PASSING, (f"cut {n}/20", _cut(n, 20))) for n in range(20)),
    *((CHECKPOINT, PASSING, (f"status {line}", _status(line))) for line in STATUSES),
    *((CHECKPOINT, PASSING, (f"body {body[:40]!r}", _body(body))) for body in BODIES),
    *((GATE, FAILING, (f"flipped {n}/120", _flipped(n, 120))) for n in range(120)),
]

ERRORS: tuple[Exception, ...] = (
    IntegrityError("it is not the one recorded"),
    StaleError("it is behind"),
    BackendError("it does not answer"),
    StorageFullError("it is full"),
    OverloadedError("it is busy", retry_after=1),
    OSError("the disk is gone"),
    MemoryError(),
    RecursionError(),
    KeyError("x"),
)
SITES: dict[type, tuple[str, ...]] = {
    Services: ("catch_up",),
    Log: ("head", "checkpoint", "publish", "append", "read"),
    SqliteGraph: ("nodes", "find", "outgoing", "incoming", "closure", "reachable", "apply"),
    MetricTables: ("cursor", "summaries", "apply"),
}


class Injector:
    """Counts the calls that answering a question makes; from the chosen one on, they fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: Counter[tuple[str, int]] = Counter()
        self._calls: Counter[str] = Counter()
        self._at: tuple[str, int, Exception] | None = None
        for owner, names in SITES.items():
            for name in names:
                self._watch(monkeypatch, owner, name)

    def fail(self, site: str, call: int, error: Exception) -> None:
        self._calls.clear()
        self._at = (site, call, error)

    def rest(self) -> None:
        self._calls.clear()
        self._at = None

    def _watch(self, monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
        inner, site = getattr(owner, name), f"{owner.__name__}.{name}"

        def watched(*arguments: Any, **named: Any) -> Any:
            if threading.current_thread().name.startswith("AnyIO"):
                self._calls[site] += 1
                self.seen[site, self._calls[site]] += 1
                if self._at and self._at[0] == site and self._at[1] <= self._calls[site]:
                    raise self._at[2]
            return inner(*arguments, **named)

        monkeypatch.setattr(owner, name, watched)


def test_500_faults_and_no_exit_0_f13_row_38(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    assert place.gate(PASSING) == Exit.OK
    assert place.gate(FAILING) == Exit.FAILED
    passed: list[str] = []
    exits: Counter[int] = Counter()
    for path, sides, (what, breaking) in NETWORK:
        place.relay.path, place.relay.breaking, place.relay.broke = path, breaking, 0
        code = place.gate(sides)
        assert place.relay.broke, what
        exits[code] += 1
        passed += [f"{path}: {what}"] if code == Exit.OK else []
    place.relay.breaking = None

    injector = Injector(monkeypatch)
    keys = iter(range(1_000_000))
    assert place.gate(PASSING, f"--idempotency-key={next(keys)}") == Exit.OK
    calls = sorted(injector.seen)
    for site, call in calls:
        for error in ERRORS:
            injector.fail(site, call, error)
            code = place.gate(PASSING, f"--idempotency-key={next(keys)}")
            exits[code] += 1
            if code == Exit.OK:
                passed.append(f"{site}, call {call}: {error!r}")
    injector.rest()
    assert place.gate(PASSING, f"--idempotency-key={next(keys)}") == Exit.OK
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    with capsys.disabled():
        print(f"\n{exits.total()} faults, exit codes {dict(sorted(exits.items()))}")
    assert not passed, "\n".join(passed)
    assert exits.total() >= LEAST
    assert set(exits) <= {1, 2, 3, 4, 5}


def test_a_gate_over_a_broken_folder_never_passes_f13(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ledger cannot be read, the projection does not follow, no policy, the signer is down."""
    data = tmp_path / "data"
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(services.log)
    policies.declare(services, POLICY, project="default", source="test")
    services.close()
    where = f"--data={data}"
    argv = ["gate", "--policy=release", *PASSING, where]

    def broken(error: Exception) -> Callable[..., Any]:
        def raise_it(*_: object, **__: object) -> Any:
            raise error

        return raise_it

    for owner, name, error, code in (
        (Services, "catch_up", StaleError("behind"), Exit.CANNOT_JUDGE),
        (Services, "catch_up", IntegrityError("not the ledger"), Exit.INTEGRITY),
        (Log, "append", StorageFullError("full"), Exit.UNREACHABLE),
        # From here on the verdict is recorded; it cannot be published, so nobody is told of it.
        (Signer, "sign", OSError("the key's device is gone"), Exit.UNREACHABLE),
        (Signer, "sign", BackendError("the signer does not answer"), Exit.UNREACHABLE),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken(error))
            assert main(argv) == code, (name, error)
    assert main(["gate", "--policy=missing", *PASSING, where]) == Exit.CANNOT_JUDGE
    for gone in ("ledger/static/tile/entries", "ledger/sequencer.db"):
        copy = tmp_path / gone.replace("/", "-")
        shutil.copytree(data, copy)
        target = copy / gone
        shutil.rmtree(target) if target.is_dir() else target.write_bytes(b"rubbish" * 1_000)
        for projection in copy.glob("graph.db*"):
            projection.unlink()
        assert main([*argv[:-1], f"--data={copy}"]) in (Exit.INTEGRITY, Exit.UNREACHABLE), gone
    assert "Traceback" not in capsys.readouterr().err
    assert main(argv) == Exit.OK
