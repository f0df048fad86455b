"""``lineproof serve`` as a process, and the same answers from it and from its folder."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.cli.serve import bind_loopback
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.graphql_client import closed, connected, opened
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    process: "subprocess.Popen[str]"
    url: str
    data: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def _start(data: Path, stderr: Path) -> Server:
    environment = {name: value for name, value in os.environ.items() if "LINEPROOF" not in name}
    with stderr.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lineproof", "serve", "--port=0", "--data", str(data)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**environment, "PYTHONPATH": str(ROOT), "LINEPROOF_LOG_FORMAT": "json"},
            cwd=data.parent,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    match = re.fullmatch(r"Lineproof serves (http://127\.0\.0\.1:\d+)\n", line)
    assert match, (line, stderr.read_text())
    return Server(process, match[1], data)


def _stop(server: Server, number: int = signal.SIGTERM) -> int:
    server.process.send_signal(number)
    assert server.process.stdout is not None
    server.process.stdout.close()
    return server.process.wait(timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    services = open_services(settings_from({"LINEPROOF_DATA": str(folder / "data")}))
    plant_runs(services.log)
    services.close()
    (folder / "lineproof.yaml").write_text(POLICY)
    started = _start(folder / "data", folder / "stderr")
    assert main(["policy", "apply", str(folder / "lineproof.yaml"), "--url", started.url]) == 0
    yield started
    _stop(started)


def _gate(candidate: Sequence[str], *more: str) -> list[str]:
    sides = ["--candidate", ",".join(candidate), "--baseline", ",".join(GOOD[:5])]
    return ["gate", "--policy", "release", *sides, *more]


def test_gates_exit_as_they_judge(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--url", server.url)
    assert main(_gate(WORSE, *where)) == Exit.FAILED
    assert "FAIL" in capsys.readouterr().out
    assert main(_gate(GOOD[5:], *where)) == Exit.OK
    assert main(_gate(GOOD[5:6], *where)) == Exit.CANNOT_JUDGE
    assert "INCONCLUSIVE" in capsys.readouterr().out
    assert main(["gate", "--policy", "none", "--candidate", "good0", *where]) == Exit.CANNOT_JUDGE
    assert main(["gate", "--policy", "release", "--candidate", "?", *where]) == Exit.CANNOT_JUDGE
    assert "code: NOT_FOUND" in capsys.readouterr().err


def test_a_server_and_its_folder_give_the_same_answers(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(argv: list[str]) -> str:
        capsys.readouterr()
        assert main(argv) in (Exit.OK, Exit.FAILED)
        return capsys.readouterr().out

    verdict = json.loads(printed(_gate(WORSE, "--format=json", "--url", server.url)))
    for argv in (
        ["verdict", "show", verdict["id"]],
        ["verdict", "show", verdict["id"], "--format=markdown"],
        ["ledger", "prove", str(verdict["leafIndex"])],
        _gate(WORSE, "--dry-run", "--format=json"),
        _gate(WORSE),
    ):
        remote = printed([*argv, "--url", server.url])
        assert remote
        assert printed([*argv, "--data", str(server.data)]) == remote


def test_the_folder_is_verified_and_replayed_beside_the_server(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_gate(WORSE, "--url", server.url)) == Exit.FAILED
    assert main(["ledger", "key", "--data", str(server.data)]) == Exit.OK
    key = capsys.readouterr().out.strip().splitlines()[-1]
    assert main(["ledger", "verify", str(server.data), "--key", key]) == Exit.OK
    assert main(["ledger", "verify", str(server.data / "ledger/static"), "--key", key]) == Exit.OK
    assert capsys.readouterr().out.count("Verified ") == 2
    assert main(["replay", "verdict", "--all", "--data", str(server.data)]) == Exit.OK
    assert "came out byte for byte" in capsys.readouterr().out


def test_a_changed_ledger_is_named_and_exits_4(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ledger", "key", "--data", str(server.data)]) == Exit.OK
    key = capsys.readouterr().out.strip()
    copy = tmp_path / "static"
    for path in sorted((server.data / "ledger/static").rglob("*")):
        if path.is_file():
            target = copy / path.relative_to(server.data / "ledger/static")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    bundle = max((copy / "tile/entries/000.p").iterdir(), key=lambda path: int(path.name))
    data = bytearray(bundle.read_bytes())
    data[100] ^= 1
    bundle.write_bytes(data)
    assert main(["ledger", "verify", str(copy), "--key", key]) == Exit.INTEGRITY
    printed = capsys.readouterr().err
    assert f"tile/entries/000.p/{bundle.name}" in printed
    assert "entry 0" in printed
    assert "code: LEDGER_TAMPERED" in printed


def test_the_edge_stands_in_front_of_the_real_server(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/", headers={"Host": "evil.example"})
    response = connection.getresponse()
    assert response.status == 421
    response.read()
    connection.request("POST", "/graphql", body=b"x" * 70_000)
    response = connection.getresponse()
    assert response.status == 413
    assert response.headers["server"] is None
    connection.close()


@pytest.mark.parametrize(
    "head",
    [
        b"POST /gate HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"GET / HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_malformed_requests_are_answered_and_change_nothing(server: Server, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head)
        status = connection.recv(65536).split(b" ")[1]
    assert status in (b"400", b"421")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path: Path, number: int) -> None:
    server = _start(tmp_path / "data", tmp_path / "stderr")
    assert _stop(server, number) == Exit.OK
    events = [json.loads(line) for line in (tmp_path / "stderr").read_text().splitlines()]
    assert all(event["level"] in ("info", "debug") for event in events)


def test_a_server_that_stops_closes_its_sockets_with_1012(tmp_path: Path) -> None:
    server = _start(tmp_path / "data", tmp_path / "stderr")
    with connected(server.url) as client, opened(server.url) as idle:
        client.subscribe("subscription { ledger { id } }")
        client.send(type="ping")
        assert client.receive() == {"type": "pong"}
        assert _stop(server) == Exit.OK
        assert closed(client.socket)[0] == closed(idle)[0] == 1012
    events = [json.loads(line) for line in (tmp_path / "stderr").read_text().splitlines()]
    assert all(event["level"] in ("info", "debug") for event in events)
    assert [event["code"] for event in events if event["event"] == "socket.closed"] == [1012] * 2


def test_a_taken_port_is_a_configuration_error(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["serve", f"--port={server.port}", "--data", str(tmp_path)]
    assert main(argv) == Exit.USAGE
    assert "cannot be bound" in capsys.readouterr().err


def test_the_socket_names_its_protocol_so_that_answers_are_sent_at_once() -> None:
    with bind_loopback("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
