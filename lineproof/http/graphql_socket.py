"""Subscriptions: ``graphql-transport-ws`` at ``/graphql``.

https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md. Each socket is
for one project, and each of its subscriptions one task. A result is sent before the next is read,
so a client that reads slowly makes its own subscriptions slow and holds nothing in memory.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson
import structlog
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.errors import NotFoundError, OverloadedError
from lineproof.http.errors import problem
from lineproof.http.graphql_messages import (
    PROTOCOL,
    ClientMessage,
    CloseCode,
    Complete,
    Init,
    Ping,
    SocketRefused,
    Subscribe,
    parse_message,
)
from lineproof.http.graphql_subscription import follow
from lineproof.http.ledger_feed import LedgerFeed
from schema.errors import request_error
from schema.following import Following

if TYPE_CHECKING:
    from lineproof.services import Services

MAX_SOCKETS = 64
"""Open at once."""
MAX_SUBSCRIPTIONS = 50
"""Under way at once on one socket."""
INIT_SECONDS = 10.0
"""How long a client may take to say that it begins."""

log = structlog.get_logger()


def routes(services: "Services") -> list[BaseRoute]:
    """The socket at ``/graphql``; there is none at any other address."""
    feed = LedgerFeed(services.log)
    opened = 0

    async def graphql(websocket: WebSocket) -> None:
        nonlocal opened
        request_id: str = websocket.scope["lineproof.request_id"]
        if opened >= MAX_SOCKETS:
            error = OverloadedError(f"{MAX_SOCKETS} sockets are open already.", retry_after=1)
            await websocket.send_denial_response(problem(error, request_id=request_id))
            return
        opened += 1
        try:
            project: str = websocket.scope["lineproof.project"]
            await _Connection(websocket, Following(services, project, feed), request_id).serve()
        finally:
            opened -= 1

    return [WebSocketRoute("/graphql", graphql), WebSocketRoute("/{path:path}", _nothing_here)]


async def _nothing_here(websocket: WebSocket) -> None:
    error = NotFoundError("There is no socket at this address.", hint="Open /graphql.")
    request_id: str = websocket.scope["lineproof.request_id"]
    await websocket.send_denial_response(problem(error, request_id=request_id))


class _Connection:
    """One socket, from its handshake to its end."""

    def __init__(self, websocket: WebSocket, following: Following, request_id: str) -> None:
        self._websocket = websocket
        self._following = following
        self._request_id = request_id
        self._sending = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """Of the subscriptions whose ids are in use."""
        self._running: set[asyncio.Task[None]] = set()
        """Those and the ones that are being ended."""

    async def serve(self) -> None:
        try:
            await self._begin()
            while True:
                await self._handle(await self._receive())
        except SocketRefused as refused:
            await self._end_all()
            log.warning("socket.refused", code=int(refused.code), reason=refused.reason)
            await self._websocket.close(refused.code, refused.reason)
        except WebSocketDisconnect:
            pass  # The client has gone, or the server is being stopped.
        finally:
            await self._end_all()

    async def _begin(self) -> None:
        if PROTOCOL not in self._websocket.scope["subprotocols"]:
            await self._websocket.accept()
            raise SocketRefused(CloseCode.BAD_SUBPROTOCOL, f"The subprotocol is {PROTOCOL}.")
        await self._websocket.accept(subprotocol=PROTOCOL)
        try:
            async with asyncio.timeout(INIT_SECONDS):
                while not isinstance(message := await self._receive(), Init):
                    if isinstance(message, Subscribe):
                        raise SocketRefused(
                            CloseCode.UNAUTHORIZED, "Send connection_init before anything else."
                        )
                    await self._handle(message)
        except TimeoutError:
            raise SocketRefused(
                CloseCode.INIT_TIMEOUT, f"No connection_init came within {INIT_SECONDS:g} seconds."
            ) from None
        await self.send({"type": "connection_ack"})

    async def _handle(self, message: ClientMessage) -> None:
        if isinstance(message, Init):
            raise SocketRefused(CloseCode.TOO_MANY_INITS, "connection_init came twice.")
        if isinstance(message, Ping):
            await self.send({"type": "pong"})
        elif isinstance(message, Subscribe):
            await self._subscribe(message)
        elif isinstance(message, Complete) and message.id in self._tasks:
            self._tasks.pop(message.id).cancel()

    async def _subscribe(self, message: Subscribe) -> None:
        if message.id in self._tasks:
            raise SocketRefused(
                CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists."
            )
        if len(self._running) >= MAX_SUBSCRIPTIONS:
            error = OverloadedError(
                f"{MAX_SUBSCRIPTIONS} subscriptions are under way on this socket already.",
                retry_after=1,
            )
            told = request_error(error, request_id=self._request_id)
            await self.send({"id": message.id, "type": "error", "payload": [told]})
            return
        task = asyncio.create_task(self._run(message))
        self._tasks[message.id] = task
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, message: Subscribe) -> None:
        async def emit(result: Mapping[str, object]) -> None:
            await self.send({"id": message.id, "type": "next", "payload": result})

        try:
            errors = await follow(message.request, self._following, self._request_id, emit)
            # The client may use the id again once it is told that this is the end.
            self._tasks.pop(message.id, None)
            end = {"type": "error", "payload": errors} if errors else {"type": "complete"}
            await self.send({"id": message.id, **end})
        except WebSocketDisconnect:
            pass  # Nobody is left to be told.

    async def send(self, message: Mapping[str, object]) -> None:
        """Hands one message to the connection, when it has room; ``WebSocketDisconnect``."""
        async with self._sending:
            await self._websocket.send_text(orjson.dumps(message).decode("utf-8"))

    async def _receive(self) -> ClientMessage:
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code") or 1006)
        return parse_message(received.get("text"))

    async def _end_all(self) -> None:
        ending = list(self._running)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
