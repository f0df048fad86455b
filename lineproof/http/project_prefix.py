"""The project of a request: ``/projects/<name>/…`` is ``/…`` in that project.

Without the prefix a request is in the project ``default``. Clients that know one base address only,
as MLflow's do, thereby work in any project.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import UsageError
from domain.ids import DEFAULT_PROJECT
from lineproof.http.errors import problem
from lineproof.project_name import checked_project

_PREFIX = "/projects/"


class ProjectPrefix:
    """ASGI middleware: sets ``scope["lineproof.project"]`` and takes the prefix off the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            scope = _in_project(scope)
        except UsageError as error:
            response = problem(error, request_id=scope.get("lineproof.request_id", ""))
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _in_project(scope: Scope) -> Scope:
    path: str = scope["path"]
    if not path.startswith(_PREFIX):
        scope["lineproof.project"] = DEFAULT_PROJECT
        return scope
    name, _, rest = path.removeprefix(_PREFIX).partition("/")
    scope["lineproof.project"] = checked_project(name)
    # ``raw_path`` keeps what came over the wire; routing reads ``path`` alone.
    return {**scope, "path": f"/{rest}"}
