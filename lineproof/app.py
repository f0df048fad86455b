"""The ASGI application: every route of ``http/`` and the explorer, behind the edge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from lineproof.http import health, ledger, mlflow, openlineage
from lineproof.http.edge import edge
from lineproof.http.errors import EXCEPTION_HANDLERS
from lineproof.http.exact_routes import ExactRoutes
from lineproof.http.late_routes import LateRoutes
from lineproof.http.mlflow_calls import Tracking

if TYPE_CHECKING:
    from lineproof.services import Services


def create_app(services: "Services") -> ASGIApp:
    """The application over ``services``, which its caller closes after the last request.

    Ingest, health and the ledger are served at once; what the rest needs takes longer to import
    (``import_late``) than the server may take to start.
    """
    tracking = Tracking(services)
    routes = mlflow.routes(tracking)
    routes += [route for noun in (health, ledger, openlineage) for route in noun.routes(services)]
    routes.append(LateRoutes(lambda: _late_routes(services)))
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    app.router.redirect_slashes = False
    # Nearly all requests are MLflow's, and find their endpoint by one look-up.
    return edge(ExactRoutes(app, mlflow.exact_endpoints(tracking)), ids=services.ids)


def import_late() -> None:
    """Import what the late routes need, so that the first request to them need not wait for it."""
    from lineproof.explorer import pages, record_pages
    from lineproof.http import (
        comparisons,
        gate,
        graphql,
        graphql_socket,
        operations,
        socket_protocol,
    )

    del pages, record_pages, comparisons, gate, graphql, graphql_socket, operations, socket_protocol


def _late_routes(services: "Services") -> Sequence[BaseRoute]:
    from lineproof.explorer import pages, record_pages
    from lineproof.http import comparisons, gate, graphql, graphql_socket, operations

    # The explorer's page answers GET /graphql; queries are POSTed to the same address, and
    # subscriptions come over a socket to it.
    nouns = (pages, record_pages, gate, comparisons, operations, graphql, graphql_socket)
    return [route for noun in nouns for route in noun.routes(services)]
