"""The pages for people: a start page at ``/`` and GraphiQL at ``GET /graphql``.

Every script and style is a file of this server; nothing is inline, so the policy that browsers get
forbids inline scripts. GraphiQL's editor sets styles at run time, hence ``'unsafe-inline'`` there
for styles alone.
"""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from domain.errors import NotFoundError
from domain.ids import DEFAULT_PROJECT
from graph.model import NodeKind, entity_id
from graph.port import NodeQuery
from schema.global_ids import global_id

if TYPE_CHECKING:
    from lineproof.services import Services

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
EXAMPLES = HERE / "examples.graphql"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self' data:; "
    "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
START_POLICY = _POLICY.format(styles="")
GRAPHIQL_POLICY = _POLICY.format(styles=" 'unsafe-inline'")

_COUNTED = (
    ("Experiments", NodeKind.EXPERIMENT),
    ("Runs", NodeKind.RUN),
    ("Artifact versions", NodeKind.ARTIFACT),
    ("Policies", NodeKind.POLICY),
    ("Verdicts", NodeKind.VERDICT),
)


def routes(services: "Services") -> list[BaseRoute]:
    """``GET /``, ``GET /graphql`` and the files that they load."""
    files = {path.name: path for path in sorted(STATIC.iterdir())}

    def start(request: Request) -> Response:
        project: str = request.scope["lineproof.project"]
        page = (HERE / "start.html").read_text(encoding="utf-8")
        address = f"http://{request.headers['host']}"
        for name, value in _start_values(services, project, address).items():
            page = page.replace(f"{{{{{name}}}}}", value)
        return _page(page, START_POLICY)

    def graphiql(request: Request) -> Response:
        if "query" in request.query_params:
            raise HTTPException(405, headers={"Allow": "POST"})
        return _page((HERE / "graphiql.html").read_text(encoding="utf-8"), GRAPHIQL_POLICY)

    def static(request: Request) -> Response:
        path = files.get(request.path_params["name"])
        if path is None:
            raise NotFoundError("There is no such file.")
        return FileResponse(path, headers={"Cache-Control": "public, max-age=3600"})

    def examples(request: Request) -> Response:
        text = EXAMPLES.read_text(encoding="utf-8")
        services.catch_up()
        for name, value in _example_values(services, request.scope["lineproof.project"]):
            text = text.replace(f'"{name}"', json.dumps(value))
        return Response(text, media_type="text/plain")

    return [
        Route("/", start),
        Route("/graphql", graphiql, methods=["GET"]),
        Route("/explorer/examples.graphql", examples),
        Route("/explorer/static/{name}", static),
    ]


def _example_values(services: "Services", project: str) -> Iterator[tuple[str, str]]:
    """What the examples ask about; a placeholder stays as it is while nothing is recorded."""
    runs, policies = NodeKind.RUN, NodeKind.POLICY
    for node in services.graph.find(NodeQuery(project, runs, limit=1)):
        yield "FIRST_RUN", entity_id(node.id)
    for node in services.graph.find(NodeQuery(project, runs, descending=True, limit=1)):
        yield "LAST_RUN", entity_id(node.id)
        yield "LAST_RUN_NODE", global_id("Run", entity_id(node.id))
    for node in services.graph.find(NodeQuery(project, policies, descending=True, limit=1)):
        yield "POLICY", str(node.attributes["name"])


def _page(html: str, policy: str) -> Response:
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


def _start_values(services: "Services", project: str, address: str) -> dict[str, str]:
    """What the start page shows, as inert text."""
    prefix = "" if project == DEFAULT_PROJECT else f"/projects/{project}"
    size = services.catch_up()
    rows = "\n".join(
        f"<tr><th scope=row>{label}<td>{services.graph.count(NodeQuery(project, kind))}"
        for label, kind in _COUNTED
    )
    return {
        "project": escape(project),
        "rows": f"{rows}\n<tr><th scope=row>Ledger entries, all projects<td>{size}",
        "experiments": escape(f"{prefix}/explorer/experiments"),
        "graphql": escape(f"{prefix}/graphql"),
        "address": escape(f"{address}{prefix}"),
    }
