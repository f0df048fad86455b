"""The ledger's published files, as the tlog-tiles specification serves them.

https://c2sp.org/tlog-tiles: the checkpoint changes and is never cached; a tile or an entry bundle,
partial ones too, never changes and is cached for ever. Any tile reader can verify the log from
these files alone. ``ledger.toml`` beside them names the keys that sign it, each handed over by the
one before, so that whoever pinned an old one can go on.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain.errors import NotFoundError
from ledger import manifest
from ledger.tiles import CHECKPOINT, parse_path

if TYPE_CHECKING:
    from lineproof.services import Services

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def routes(services: "Services") -> list[BaseRoute]:
    """``GET /ledger/checkpoint``, ``GET /ledger/ledger.toml`` and ``GET /ledger/tile/…``."""
    static = services.ledger_files

    def checkpoint(_request: Request) -> Response:
        return Response(_read(static / CHECKPOINT), media_type="text/plain")

    def keys(_request: Request) -> Response:
        return Response(_read(static.parent / manifest.FILE), media_type="text/plain")

    def tile(request: Request) -> Response:
        # Only a name in the one form that the specification allows becomes a path.
        resource = parse_path(f"tile/{request.path_params['path']}")
        if resource is None:
            raise _no_such_file()
        data = _read(static / resource.path)
        return Response(data, media_type="application/octet-stream", headers=_FOR_EVER)

    return [
        Route("/ledger/checkpoint", checkpoint),
        Route(f"/ledger/{manifest.FILE}", keys),
        Route("/ledger/tile/{path:path}", tile),
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _no_such_file() from None


def _no_such_file() -> NotFoundError:
    return NotFoundError(
        "The ledger has not published such a file.",
        hint="Read the checkpoint: it says how many entries are published.",
    )
