"""``/healthz``: the process answers. ``/readyz``: it can also read what was recorded."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

if TYPE_CHECKING:
    from lineproof.services import Services


def routes(services: "Services") -> list[BaseRoute]:
    """``GET /healthz`` and ``GET /readyz``; the latter answers with what stands in the way."""

    async def healthz(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    def readyz(_request: Request) -> JSONResponse:
        if services.log.failure is not None:
            raise services.log.failure
        return JSONResponse({"status": "ready", "tree_size": services.catch_up()})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]
