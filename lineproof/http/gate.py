"""Gates over plain HTTP, for ``curl`` and for the command line.

``POST /policies`` declares a ``lineproof.yaml``, ``POST /gate`` judges, ``GET /verdicts/<id>``
shows a verdict again, ``GET /proofs/<seq>`` proves an entry. A gate that failed is an answer, not
an error: its status is 200 and its ``outcome`` says so.
"""

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from domain.errors import ErrorCode, NotFoundError, UsageError
from domain.strict_json import parse_json_object
from lineproof import policies, verdicts
from lineproof.http.content_type import JSON, YAML, require_type
from resolvers import ledger_entries

if TYPE_CHECKING:
    from lineproof.services import Services

_SOURCE = "http"


def routes(services: "Services") -> list[BaseRoute]:
    """The four addresses."""

    async def gate(request: Request) -> Response:
        require_type(request, JSON)
        body = parse_json_object(await request.body())
        answer = await run_in_threadpool(
            verdicts.judge, services, body, project=_project(request), source=_SOURCE
        )
        return JSONResponse(answer)

    async def declare(request: Request) -> Response:
        require_type(request, YAML)
        text = _text(await request.body())
        answer = await run_in_threadpool(
            policies.declare, services, text, project=_project(request), source=_SOURCE
        )
        return JSONResponse(answer)

    def verdict(request: Request) -> Response:
        verdict_id = request.path_params["verdict_id"]
        return JSONResponse(verdicts.recorded(services, verdict_id, project=_project(request)))

    def proof(request: Request) -> Response:
        seq = _seq(request.path_params["seq"])
        size = services.catch_up()
        ledger_entries.one(services.log, seq, project=_project(request), as_of=size)
        return PlainTextResponse(services.log.prove(seq))

    return [
        Route("/gate", gate, methods=["POST"]),
        Route("/policies", declare, methods=["POST"]),
        Route("/verdicts/{verdict_id}", verdict),
        Route("/proofs/{seq}", proof),
    ]


def _project(request: Request) -> str:
    project: str = request.scope["lineproof.project"]
    return project


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            "The policy document is not UTF-8 text.",
            code=ErrorCode.POLICY_INVALID,
            hint="Save the file as UTF-8.",
        ) from error


def _seq(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFoundError(
            "There is no such ledger entry.", hint="Ask with a leaf index, a plain number."
        )
    return int(text)
