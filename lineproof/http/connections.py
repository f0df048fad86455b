"""How many connections are open at once: a request on one beyond is told when to come back."""

import asyncio

import structlog
from starlette.types import Receive, Scope, Send

from domain.errors import OverloadedError
from lineproof.http.errors import problem
from lineproof.http.timed_head import TimedHeadProtocol

MAX_CONNECTIONS = 900
"""So that files can still be opened; ``admission`` limits the requests in them."""

log = structlog.get_logger()


class CountedProtocol(TimedHeadProtocol):
    """Answers 503 with Retry-After, and closes, where there are too many connections already."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self.app = _refuse
            self.ws_protocol_class = None
            log.warning("connection.refused", open=len(self.connections) - 1)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    error = OverloadedError(f"{MAX_CONNECTIONS} connections are open already.", retry_after=1)
    answer = problem(error, request_id="")
    answer.headers["Connection"] = "close"
    await answer(scope, receive, send)
