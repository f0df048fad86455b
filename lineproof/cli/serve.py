"""``lineproof serve``: the server, on this machine alone.

It binds loopback and nothing else: nobody is asked who they are, so only this machine may ask. One
line on stdout gives the address once requests are answered. SIGTERM and SIGINT drain: open requests
end, at most 10 seconds long, sockets are closed with 1012, then the stores close.
"""

import argparse
import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING

from domain.errors import ErrorCode, UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_folder
from lineproof.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from lineproof.services import Services

SUMMARY = "Serve MLflow clients, GraphQL, gates and the ledger on a loopback address."

_FAMILIES = {
    "127.0.0.1": socket.AF_INET,
    "::1": socket.AF_INET6,
    "localhost": socket.AF_INET,
}


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--host", help="a loopback address (LINEPROOF_HOST)")
    parser.add_argument("--port", type=int, help="0 for a free port (LINEPROOF_PORT)")
    add_folder(parser)
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until a signal comes."""
    listener = bind_loopback(settings.host, settings.port)
    with listener:
        _serve(listener, settings)
    return Exit.OK


def bind_loopback(host: str, port: int) -> socket.socket:
    """A socket bound to loopback; ``UsageError`` (CONFIG_INVALID) elsewhere, or if it is taken."""
    if host not in _FAMILIES:
        raise UsageError(
            f"Refused to bind {host!r}: only this machine may reach a server that asks nobody "
            "who they are.",
            code=ErrorCode.CONFIG_INVALID,
            hint=f"Use one of {', '.join(sorted(_FAMILIES))}.",
        )
    # With the protocol named, asyncio turns Nagle's algorithm off; else an answer waits 40 ms.
    listener = socket.socket(_FAMILIES[host], socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1" if host == "localhost" else host, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Port {port} of {host} cannot be bound: {error.strerror}.",
            code=ErrorCode.CONFIG_INVALID,
            hint="Choose another --port; 0 takes a free one.",
        ) from error
    return listener


def _serve(listener: socket.socket, settings: Settings) -> None:
    from lineproof.app import create_app
    from lineproof.keeping_up import keeping_up
    from lineproof.shadow import check_distributions
    from lineproof.wiring import open_services
    from lineproof.witnessing import witnessing
    from telemetry.logging import configure_logging

    configure_logging(log_format=settings.log_format, level=settings.log_level)
    check_distributions()
    # The server gives a signal back when it has drained; then there is nothing left to interrupt.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_handled)
    services = open_services(settings)
    try:
        with keeping_up(services), witnessing(settings.data):
            _answer(create_app(services), services, listener)
        if services.log.failure is not None:
            raise services.log.failure
    finally:
        services.close()


def _answer(app: "ASGIApp", services: "Services", listener: socket.socket) -> None:
    import uvicorn

    from lineproof.http.server_config import server_config

    class Announcing(uvicorn.Server):
        """Says where it is once it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(f"Lineproof serves {_address(listener)}", flush=True)

        async def on_tick(self, counter: int) -> bool:
            """True ends the server: after a failed fsync nothing may be acknowledged any more."""
            return await super().on_tick(counter) or services.log.failure is not None

    Announcing(server_config(app)).run(sockets=[listener])


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _already_handled(_number: int, _frame: FrameType | None) -> None:
    """Nothing is left to do."""
