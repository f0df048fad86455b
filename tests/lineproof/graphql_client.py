"""A small client of ``graphql-transport-ws`` for tests: one socket, messages as they are."""

import itertools
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

PROTOCOL = Subprotocol("graphql-transport-ws")
SECONDS = 30.0


def opened(
    url: str, project: str = "default", **more: Any
) -> AbstractContextManager[ClientConnection]:
    """A socket at the server's address, before its first message."""
    address = url.replace("http://", "ws://") + f"/projects/{project}/graphql"
    return connect(address, **{"subprotocols": [PROTOCOL], "proxy": None, **more})


class GraphQLClient:
    """A socket whose connection was acknowledged."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._ids = itertools.count(1)
        self.send(type="connection_init")
        assert self.receive() == {"type": "connection_ack"}

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def receive(self, timeout: float = SECONDS) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout))
        return message

    def subscribe(self, query: str, **variables: Any) -> str:
        """Begin a subscription; its id."""
        return self.subscribe_with({"query": query, "variables": variables})

    def subscribe_with(self, payload: dict[str, Any]) -> str:
        operation = str(next(self._ids))
        self.send(id=operation, type="subscribe", payload=payload)
        return operation

    def data(self, operation: str) -> dict[str, Any]:
        """The data of the next message, which must be a result of that subscription."""
        message = self.receive()
        assert (message["id"], message["type"]) == (operation, "next"), message
        assert "errors" not in message["payload"], message
        data: dict[str, Any] = message["payload"]["data"]
        return data

    def code(self, operation: str) -> str:
        """The code of the error that ended the subscription."""
        message = self.receive()
        assert (message["id"], message["type"]) == (operation, "error"), message
        (error,) = message["payload"]
        assert error["extensions"]["requestId"]
        code: str = error["extensions"]["code"]
        return code


@contextmanager
def connected(url: str, project: str = "default") -> Iterator[GraphQLClient]:
    """A client of the server until the block ends."""
    with opened(url, project) as socket:
        yield GraphQLClient(socket)


def closed(socket: ClientConnection) -> tuple[int, str]:
    """Code and reason that the server closes the socket with; nothing else may come before."""
    try:
        message = socket.recv(SECONDS)
    except ConnectionClosed as end:
        assert end.rcvd is not None
        return end.rcvd.code, end.rcvd.reason
    raise AssertionError(message)
