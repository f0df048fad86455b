"""How the web server is run: which protocols, and what they may take."""

import asyncio
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from lineproof.http.body_limit import QUERY_LIMIT
from lineproof.http.connections import CountedProtocol

BACKLOG = 512
DRAIN_SECONDS = 10


def server_config(app: ASGIApp) -> uvicorn.Config:
    """The server's configuration. A message over a WebSocket may be as long as a query's body."""
    return uvicorn.Config(
        app,
        access_log=False,
        backlog=BACKLOG,
        http=CountedProtocol,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws=cast("type[asyncio.Protocol]", _socket_protocol),
        ws_max_size=QUERY_LIMIT,
        ws_per_message_deflate=False,
    )


def _socket_protocol(**made_with: Any) -> asyncio.Protocol:
    """Imported with the first socket: a server need not wait for it to start."""
    from lineproof.http.socket_protocol import SocketProtocol

    return SocketProtocol(**made_with)
