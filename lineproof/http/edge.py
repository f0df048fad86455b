"""The edge: what every request passes before the application, outermost first.

1. ``envelope``, ``socket_envelope``: request id, log line, security headers, masked failures
2. ``origin``: Host and Origin must be ours
3. ``admission``: how many requests are under way
4. ``body_limit``: size, time and encoding of the body
5. ``project_prefix``: which project it is about

What ``admission`` and ``body_limit`` are for requests, ``graphql_socket`` and ``server_config`` are
for sockets.
"""

from starlette.types import ASGIApp

from domain.ids import IdSource
from lineproof.http.admission import Admission
from lineproof.http.body_limit import BodyLimit
from lineproof.http.envelope import Envelope
from lineproof.http.origin import OriginGuard
from lineproof.http.project_prefix import ProjectPrefix
from lineproof.http.socket_envelope import SocketEnvelope


def edge(app: ASGIApp, *, ids: IdSource) -> ASGIApp:
    """``app`` behind the edge. Fresh request ids are drawn from ``ids``."""
    guarded = OriginGuard(Admission(BodyLimit(ProjectPrefix(app))))
    return Envelope(SocketEnvelope(guarded), ids)
