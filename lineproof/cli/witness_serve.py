"""``lineproof witness serve``: a small witness, so that two teams can witness each other.

It binds loopback; put a web server in front of it to let others reach ``/add-checkpoint``, which is
all that it serves. Nobody is asked who they are: only a log's own signature counts.
"""

import argparse
import signal
import socket
from typing import TYPE_CHECKING

from domain.errors import UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.cli.serve import bind_loopback
from lineproof.cli.witness_key import add_witness, witness_signer
from lineproof.settings import Settings

if TYPE_CHECKING:
    from ledger.witness import Witness

SUMMARY = "Serve a witness that cosigns the given logs, on a loopback address."
_DRAIN_SECONDS = 10


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_witness(parser)
    parser.add_argument(
        "--log",
        metavar="VKEY",
        action="append",
        default=[],
        help="a log to witness, by its verifier key; may be repeated",
    )
    parser.add_argument("--host", help="a loopback address (LINEPROOF_HOST)")
    parser.add_argument("--port", type=int, help="0 for a free port (LINEPROOF_PORT)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until a signal comes."""
    from domain.clock import SystemClock
    from ledger.signing import parse_vkey
    from ledger.witness import Witness
    from telemetry.logging import configure_logging

    configure_logging(log_format=settings.log_format, level=settings.log_level)
    if not arguments.log:
        raise UsageError(
            "A witness needs a log to witness.", hint="Name each with --log and its verifier key."
        )
    signer = witness_signer(arguments.folder, arguments.key_name)
    logs = [parse_vkey(vkey) for vkey in arguments.log]
    witness = Witness(arguments.folder, signer, logs, SystemClock())
    with bind_loopback(settings.host, settings.port) as listener:
        _serve(witness, listener, signer.verifier.vkey)
    return Exit.OK


def _serve(witness: "Witness", listener: socket.socket, vkey: str) -> None:
    import uvicorn

    from lineproof.http.timed_head import TimedHeadProtocol
    from lineproof.http.witness import witness_app

    class Announcing(uvicorn.Server):
        """Says where it is once it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                host, port = listener.getsockname()[:2]
                where = f"[{host}]" if ":" in host else host
                print(f"Witness {vkey} at http://{where}:{port}", flush=True)

    # The server gives a signal back when it has drained; then there is nothing left to interrupt.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    config = uvicorn.Config(
        witness_app(witness),
        access_log=False,
        http=TimedHeadProtocol,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        ws="none",
    )
    Announcing(config).run(sockets=[listener])
