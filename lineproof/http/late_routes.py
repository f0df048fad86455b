"""Routes whose modules are imported once the server answers: GraphQL's alone take half a second."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, Router
from starlette.types import Receive, Scope, Send


class LateRoutes(BaseRoute):
    """Takes whatever no other route took. ``load`` gives the routes; it is called once."""

    def __init__(self, load: Callable[[], Sequence[BaseRoute]]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._router: Router | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for every request and every socket."""
        return Match.FULL, {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """No route of these is looked up by its name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, after loading where need be."""
        router = self._router
        if router is None:
            router = await run_in_threadpool(self._loaded)
        await router(scope, receive, send)

    def _loaded(self) -> Router:
        with self._lock:
            if self._router is None:
                self._router = Router(self._load(), redirect_slashes=False)
            return self._router
