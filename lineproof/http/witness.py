"""``POST /add-checkpoint``: our witness over HTTP, as https://c2sp.org/tlog-witness says."""

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger.witness import REQUEST_LIMIT, Reply, Witness


def witness_app(witness: Witness) -> Starlette:
    """The application of a witness; it serves nothing else."""

    async def add_checkpoint(request: Request) -> Response:
        body = await _bounded(request)
        if body is None:
            return _response(Reply(413, f"At most {REQUEST_LIMIT} bytes are read.\n"))
        return _response(await run_in_threadpool(witness.add_checkpoint, body))

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


async def _bounded(request: Request) -> bytes | None:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > REQUEST_LIMIT:
            return None
    return bytes(data)


def _response(reply: Reply) -> Response:
    # A media type that begins with text/ would get a charset, which the specification has not.
    return Response(reply.body, reply.status, headers={"content-type": reply.kind})
