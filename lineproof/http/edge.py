"""The edge: what every request passes before the application, outermost first.

1. ``envelope``: request id, log line, security headers, masked failures
2. ``origin``: Host and Origin must be ours
3. ``admission``: how many requests are under way
4. ``body_limit``: size, time and encoding of the body
5. ``project_prefix``: which project it is about
"""

from starlette.types import ASGIApp

from domain.ids import IdSource
from lineproof.http.admission import Admission
from lineproof.http.body_limit import BodyLimit
from lineproof.http.envelope import Envelope
from lineproof.http.origin import OriginGuard
from lineproof.http.project_prefix import ProjectPrefix


def edge(app: ASGIApp, *, ids: IdSource) -> ASGIApp:
    """``app`` behind the edge. Fresh request ids are drawn from ``ids``."""
    return Envelope(OriginGuard(Admission(BodyLimit(ProjectPrefix(app)))), ids)
