"""The door for MLflow's clients: its tracking REST API 2.0, so that no training code changes."""

import re
from collections.abc import Mapping

import orjson
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, LineproofError, UsageError
from domain.ids import DEFAULT_PROJECT, IdSource
from domain.strict_json import parse_json_object
from ingest.mlflow import experiments, inputs, logs, runs
from ingest.mlflow.fields import Fields
from lineproof.http import mlflow_files
from lineproof.http.errors import request_id_of
from lineproof.http.exact_routes import Endpoint
from lineproof.http.mlflow_calls import (
    Call,
    Operation,
    Tracking,
    experiment_creation,
    experiment_write,
    find_experiments,
    find_runs,
    input_write,
    read_experiment,
    read_experiment_by_name,
    read_histories,
    read_history,
    read_run,
    read_samples,
    run_creation,
    run_update,
    run_write,
)
from lineproof.http.mlflow_errors import error_answer, masked_answer, unknown_endpoint_answer
from lineproof.http.mlflow_models import MODEL_OPERATIONS

MLFLOW_VERSION = "3.17.2"
"""The version of MLflow's tracking API that is spoken."""

PREFIX = "/api/2.0/mlflow"

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "experiments/create"): experiment_creation(experiments.create_experiment),
    ("GET", "experiments/get"): read_experiment,
    ("GET", "experiments/get-by-name"): read_experiment_by_name,
    ("GET", "experiments/search"): find_experiments,
    ("POST", "experiments/search"): find_experiments,
    ("POST", "experiments/update"): experiment_write(experiments.rename_experiment),
    ("POST", "experiments/delete"): experiment_write(experiments.delete_experiment),
    ("POST", "experiments/restore"): experiment_write(experiments.restore_experiment),
    ("POST", "experiments/set-experiment-tag"): experiment_write(experiments.set_experiment_tag),
    ("POST", "experiments/delete-experiment-tag"): experiment_write(
        experiments.delete_experiment_tag
    ),
    ("POST", "runs/create"): run_creation(runs.create_run),
    ("GET", "runs/get"): read_run,
    ("POST", "runs/update"): run_update(runs.update_run),
    ("POST", "runs/delete"): run_write(runs.delete_run),
    ("POST", "runs/restore"): run_write(runs.restore_run),
    ("POST", "runs/search"): find_runs,
    ("POST", "runs/log-metric"): run_write(logs.log_metric),
    ("POST", "runs/log-parameter"): run_write(logs.log_param),
    ("POST", "runs/log-batch"): run_write(logs.log_batch),
    ("POST", "runs/set-tag"): run_write(logs.set_tag),
    ("POST", "runs/delete-tag"): run_write(logs.delete_tag),
    ("POST", "runs/log-inputs"): input_write(inputs.log_inputs),
    ("POST", "runs/outputs"): run_write(inputs.log_outputs),
    ("GET", "metrics/get-history"): read_history,
}
"""Method and path below ``PREFIX``."""

HISTORIES = {
    "/ajax-api/2.0/mlflow/metrics/get-history-bulk": read_histories,
    "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval": read_samples,
}
"""Only here, where MLflow's own server has them."""

_SERVER_INFO = {"store_type": "Lineproof", "workspaces_enabled": False}
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}", re.ASCII)

log = structlog.get_logger()


def exact_endpoints(tracking: Tracking) -> dict[tuple[str, str], Endpoint]:
    """What answers at addresses without a name in them, by method and path."""
    return {
        (method, f"{PREFIX}/{path}"): _endpoint(tracking, operation)
        for (method, path), operation in {**OPERATIONS, **MODEL_OPERATIONS}.items()
        if "{" not in path
    }


def routes(tracking: Tracking) -> list[BaseRoute]:
    """The rest of MLflow's tracking API; what of it is not served answers ENDPOINT_NOT_FOUND."""
    found: list[BaseRoute] = [
        Route(f"{PREFIX}/{path}", _endpoint(tracking, operation), methods=[method])
        for (method, path), operation in MODEL_OPERATIONS.items()
        if "{" in path
    ]
    found += mlflow_files.routes(tracking)
    found += [
        Route("/api/3.0/mlflow/server-info", _server_info, methods=["GET"]),
        Route("/health", _health, methods=["GET"]),
        Route("/version", _version, methods=["GET"]),
    ]
    found += [
        Route(path, _endpoint(tracking, operation), methods=["GET"])
        for path, operation in HISTORIES.items()
    ]
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    found += [
        Route(f"/{api}/{version}/{{rest:path}}", _unknown, methods=every)
        for api in ("api", "ajax-api")
        for version in ("2.0", "2.1", "3.0", "4.0")
    ]
    return found


def _endpoint(tracking: Tracking, operation: Operation) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, tracking, operation, request, body)

    return endpoint


def _answer(tracking: Tracking, operation: Operation, request: Request, body: bytes) -> Response:
    """Carry out one request; whatever goes wrong is answered in MLflow's own form."""
    try:
        call = Call(
            project=request.scope.get("lineproof.project", DEFAULT_PROJECT),
            idem=_idempotency_key(request, tracking.services.ids),
            body=Fields(_fields(request, body)),
        )
        answer = orjson.dumps(operation(tracking, call))
    except LineproofError as error:
        return error_answer(error)
    except Exception as error:
        log.error("http.request_failed", path=request.url.path, exc_info=error)
        return masked_answer(request_id_of(request))
    return Response(answer, media_type="application/json")


def _fields(request: Request, body: bytes) -> JsonObject:
    """The fields of a body, or of a query string, where a repeated name is a list."""
    if request.method == "GET":
        query = request.query_params
        fields: dict[str, JsonValue] = {}
        for name in query:
            values = query.getlist(name)
            fields[name] = values if len(values) > 1 else values[0]
        return {**fields, **request.path_params}
    if request.method == "DELETE" and not body.strip():
        return dict(request.path_params)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UsageError(
            f"Bad Request. Content-Type must be application/json, not {media_type[:60]!r}.",
            code=ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            hint="Send the request's fields as one JSON object.",
        )
    return {**(parse_json_object(body) if body.strip() else {}), **request.path_params}


def _idempotency_key(request: Request, ids: IdSource) -> str:
    """The caller's, so that a repeated request is recorded once; else a fresh one."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return ids.hex32()
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise UsageError(
            "The Idempotency-Key is not valid.",
            hint="Use 1 to 200 printable ASCII characters without spaces.",
        )
    return f"key/{key}"


async def _server_info(_request: Request) -> Response:
    return Response(orjson.dumps(_SERVER_INFO), media_type="application/json")


async def _health(_request: Request) -> Response:
    return PlainTextResponse("OK")


async def _version(_request: Request) -> Response:
    return PlainTextResponse(MLFLOW_VERSION)


async def _unknown(request: Request) -> Response:
    return unknown_endpoint_answer(request.url.path)
