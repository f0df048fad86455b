"""The ASGI application: every route of ``http/`` and the explorer, behind the edge."""

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from lineproof.explorer import pages
from lineproof.http import (
    comparisons,
    gate,
    graphql,
    health,
    ledger,
    mlflow,
    openlineage,
    operations,
)
from lineproof.http.edge import edge
from lineproof.http.errors import EXCEPTION_HANDLERS

if TYPE_CHECKING:
    from lineproof.services import Services


def create_app(services: "Services") -> ASGIApp:
    """The application over ``services``, which its caller closes after the last request."""
    # The explorer's page answers GET /graphql, queries are POSTed to the same address.
    # MLflow's door is first, for nearly all requests are its.
    nouns = (mlflow, pages, health, ledger, gate, comparisons, operations, graphql, openlineage)
    routes: list[BaseRoute] = [route for noun in nouns for route in noun.routes(services)]
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    app.router.redirect_slashes = False
    return edge(app, ids=services.ids)
