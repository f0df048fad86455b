"""A relay between the command line and a server, which breaks what the server answers."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

Breaking = Callable[[bytes], bytes]
"""From the whole answer, head and body, to what is sent before the connection is closed."""


@dataclass
class Relay:
    """Where it listens; which addresses it breaks, and how."""

    url: str
    path: str = ""
    breaking: Breaking | None = None
    broke: int = 0
    """How many answers it has broken."""


@contextmanager
def faulty_relay(server: str) -> Iterator[Relay]:
    """Forward one request for each connection until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    relay = Relay(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    _forward(connection, server, relay)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield relay
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _forward(connection: socket.socket, server: str, relay: Relay) -> None:
    with connection.makefile("rb") as reader:
        method, path, _ = reader.readline().decode().split()
        headers = http.client.parse_headers(reader)
        body = reader.read(int(headers.get("Content-Length", "0")))
    address = urlsplit(server)
    upstream = http.client.HTTPConnection(str(address.hostname), int(address.port or 0))
    kept = {name: headers[name] for name in ("Content-Type", "Accept") if name in headers}
    upstream.request(method, path, body, kept)
    response = upstream.getresponse()
    data = response.read()
    upstream.close()
    head = (
        f"HTTP/1.1 {response.status} {response.reason}\r\n"
        f"Content-Type: {response.headers['Content-Type']}\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    answer = head.encode() + data
    if relay.breaking is not None and path == relay.path:
        relay.broke += 1
        answer = relay.breaking(answer)
    connection.sendall(answer)
