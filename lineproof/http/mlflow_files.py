"""MLflow's proxied artifact API: files are streamed into the blobs, hashed as they come.

A path is a name in the ledger and never one in a file system: the bytes stand under their digest.
"""

import mimetypes
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias
from urllib.parse import quote

import orjson
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from domain.errors import IntegrityError, LineproofError, NotFoundError, UsageError
from domain.ids import DEFAULT_PROJECT
from governance.changed_file import damaged, replaced_after_verdict
from governance.products import require_clear_file
from governance.quarantine import Keeper
from governance.triggers import Triggered
from ingest.mlflow.environments import with_environment
from ingest.mlflow.fields import Fields
from ingest.mlflow.files import StoredBlob, delete_files, file_owner, log_file
from ingest.mlflow.locations import checked_artifact_path
from ingest.mlflow.write import SOURCE, Planned, Write
from ledger.blobs import Upload
from ledger.sealed_file import SealedUpload
from lineproof.http.errors import request_id_of
from lineproof.http.mlflow_calls import Call, Tracking
from lineproof.http.mlflow_errors import error_answer, masked_answer, not_implemented_answer
from lineproof.http.sealed_response import sealed_answer
from resolvers.mlflow_files import Listed, StoredFile, file_at, files_below, folder
from resolvers.mlflow_runs import INFO_NAMES, unlinked_run

if TYPE_CHECKING:
    from lineproof.services import Services

PREFIX = "/api/2.0/mlflow-artifacts"
PROXIED = "mlflow-artifacts:/"
"""How the location of an experiment begins whose files the server keeps."""

_PIECE = 1024 * 1024

_Handler: TypeAlias = Callable[[Tracking, Request], Awaitable[Response]]

log = structlog.get_logger()


def routes(tracking: Tracking) -> list[BaseRoute]:
    """The proxied API, and the two calls of the tracking API that read a run's files."""

    def route(path: str, method: str, handler: _Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _guarded(handler, tracking, request)

        return Route(path, endpoint, methods=[method])

    found: list[BaseRoute] = [
        route(f"{PREFIX}/artifacts", "GET", _list),
        route(f"{PREFIX}/artifacts/{{path:path}}", "GET", _download),
        route(f"{PREFIX}/artifacts/{{path:path}}", "PUT", _upload),
        route(f"{PREFIX}/artifacts/{{path:path}}", "DELETE", _delete),
        route("/api/2.0/mlflow/artifacts/list", "GET", _list_of_run),
        route("/get-artifact", "GET", _download_of_run),
        route(f"{PREFIX}/presigned/{{path:path}}", "GET", _no_multipart_download),
    ]
    found += [
        route(f"{PREFIX}/mpu/{step}/{{path:path}}", "POST", _no_multipart_upload)
        for step in ("create", "complete", "abort")
    ]
    return found


async def _guarded(handler: _Handler, tracking: Tracking, request: Request) -> Response:
    try:
        return await handler(tracking, request)
    except LineproofError as error:
        return error_answer(error)
    except ClientDisconnect:
        return error_answer(UsageError("The connection closed before the file was complete."))
    except Exception as error:
        log.error("http.request_failed", path=request.url.path, exc_info=error)
        return masked_answer(request_id_of(request))


async def _upload(tracking: Tracking, request: Request) -> Response:
    path = checked_artifact_path(request.path_params["path"])
    call = _call(tracking, request)
    with await run_in_threadpool(_receive, tracking, call.project, path) as upload:
        async for piece in request.stream():
            if piece:
                await run_in_threadpool(upload.write, piece)
        stored = await run_in_threadpool(_keep, upload)
    await run_in_threadpool(_record_file, tracking, call, path, stored)
    return _json({})


def store_file(services: "Services", project: str, path: str, file: BinaryIO) -> None:
    """What an upload does, for a file of this machine. Errors as an upload's."""
    tracking = Tracking(services)
    with _receive(tracking, project, checked_artifact_path(path)) as upload:
        while piece := file.read(_PIECE):
            upload.write(piece)
        stored = _keep(upload)
    call = Call(project, services.ids.hex32(), Fields({}))
    _record_file(tracking, call, path, stored)


def _keep(upload: Upload | SealedUpload) -> StoredBlob:
    digest = upload.keep()
    if isinstance(upload, SealedUpload):
        return StoredBlob(digest, upload.size, upload.blob, upload.subject)
    return StoredBlob(digest, upload.size)


async def _download(tracking: Tracking, request: Request) -> Response:
    path = checked_artifact_path(request.path_params["path"])
    return await run_in_threadpool(_file_answer, tracking, request, path)


async def _list(tracking: Tracking, request: Request) -> Response:
    path = _query_path(request)
    found = await run_in_threadpool(_folder, tracking, _project(request), path)
    return _json(listed_body(found, ""))


async def _delete(tracking: Tracking, request: Request) -> Response:
    path = checked_artifact_path(request.path_params["path"])
    await run_in_threadpool(_delete_below, tracking, _call(tracking, request), path)
    return _json({})


async def _list_of_run(tracking: Tracking, request: Request) -> Response:
    relative = _query_path(request)

    def listed() -> dict[str, object]:
        project = _project(request)
        uri, root = _root_of_run(tracking, project, request)
        path = "/".join(part for part in (root, relative) if part)
        return {"root_uri": uri, **listed_body(_folder(tracking, project, path), relative)}

    return _json(await run_in_threadpool(listed))


async def _download_of_run(tracking: Tracking, request: Request) -> Response:
    relative = checked_artifact_path(request.query_params.get("path", ""))

    def answer() -> Response:
        project = _project(request)
        _, root = _root_of_run(tracking, project, request)
        return _file_answer(tracking, request, f"{root}/{relative}")

    return await run_in_threadpool(answer)


async def _no_multipart_upload(_tracking: Tracking, _request: Request) -> Response:
    return not_implemented_answer(
        "Multipart upload is not supported for the current artifact repository"
    )


async def _no_multipart_download(_tracking: Tracking, _request: Request) -> Response:
    return not_implemented_answer(
        "Multipart download is not supported for the current artifact repository"
    )


def _receive(tracking: Tracking, project: str, path: str) -> Upload | SealedUpload:
    """Where the bytes of a file go: sealed when its run can be erased."""
    tracking.see_graph()
    ledger = tracking.services.log
    subject = file_owner(tracking.services.graph, project, path).subject
    return ledger.sealer.receive(ledger.blobs, subject) if subject else ledger.blobs.receive()


def _record_file(tracking: Tracking, call: Call, path: str, stored: StoredBlob) -> None:
    """Store it at ``path``; its run is held first when that changes what a verdict passed."""

    def plan(write: Write, _: Fields) -> Planned:
        replaced = replaced_after_verdict(write.graph, call.project, path, stored.digest)
        _hold(tracking, call.project, replaced)
        planned = log_file(write, path, stored)
        if stored.sealed_for:
            return planned
        blobs = tracking.services.log.blobs
        return with_environment(write, path, stored.size, lambda: blobs.get(stored.digest), planned)

    tracking.record(call, plan, [f"file/{path}"])


def _hold(tracking: Tracking, project: str, roots: Iterable[Triggered]) -> None:
    services = tracking.services
    keeper = Keeper(services.log, services.graph, services.catch_up_graph, project, SOURCE)
    keeper.hold_all(roots)


def _whole_file(tracking: Tracking, project: str, file: StoredFile) -> Path:
    """Where its bytes are; when they were damaged, what it belongs to is held."""
    try:
        return tracking.checked_blobs.path(file.blob)
    except IntegrityError:
        _hold(tracking, project, damaged(tracking.services.graph, project, file.path))
        raise


def _file_answer(tracking: Tracking, request: Request, path: str) -> Response:
    """The bytes, or the asked range of them, always as an attachment: never a page of ours."""
    project, services = _project(request), tracking.services
    tracking.see_graph()
    file = _known_file(tracking, project, path)
    require_clear_file(services.graph, project, path, at=services.clock.now_ms())
    name = path.rpartition("/")[2]
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "ETag": f'"{file.digest}"',
    }
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    stored = _whole_file(tracking, project, file)
    if file.sealed_for:
        sealed = services.log.sealer.file(stored, file.sealed_for, file.size)
        return sealed_answer(sealed, request, headers, media_type)
    return FileResponse(stored, media_type=media_type, headers=headers)


def _known_file(tracking: Tracking, project: str, path: str) -> StoredFile:
    """The file at ``path``. Of what was erased not even names are known: it is gone, not absent."""
    graph = tracking.services.graph
    try:
        return file_at(graph, project=project, path=path)
    except NotFoundError:
        file_owner(graph, project, path)
        raise


def _delete_below(tracking: Tracking, call: Call, path: str) -> None:
    """Delete the file at ``path``, or all below it."""
    graph, project = tracking.services.graph, call.project
    tracking.see_graph()
    paths = [file.path for file in files_below(graph, project=project, path=path)]
    paths = paths or [_known_file(tracking, project, path).path]
    tracking.record(
        call,
        lambda write, _: delete_files(write, paths, subject=path),
        [f"file/{one}" for one in paths],
    )


def _folder(tracking: Tracking, project: str, path: str) -> list[Listed]:
    tracking.see_graph()
    return folder(tracking.services.graph, project=project, path=path)


def _root_of_run(tracking: Tracking, project: str, request: Request) -> tuple[str, str]:
    """The run's artifact address, and the folder here that it means."""
    query = request.query_params
    fields = Fields({name: query[name] for name in ("run_id", "run_uuid") if name in query})
    tracking.see_graph()
    run = unlinked_run(
        tracking.services.graph, project=project, run_id=fields.run_id(), names=INFO_NAMES
    )
    if not run.artifact_uri.startswith(PROXIED):
        raise UsageError(
            f"The artifacts of run {run.run_id} are not kept here but at {run.artifact_uri[:200]}.",
            hint="Read them from there: this server opens no address that it is given.",
        )
    return run.artifact_uri, run.artifact_uri.removeprefix(PROXIED).lstrip("/")


def listed_body(found: list[Listed], within: str) -> dict[str, object]:
    """What MLflow's ``ListArtifacts`` answers, with names below ``within``."""
    start = f"{within}/" if within else ""
    files = [
        {"path": start + one.name, "is_dir": True}
        if one.size is None
        else {"path": start + one.name, "is_dir": False, "file_size": one.size}
        for one in found
    ]
    return {"files": files} if files else {}


def _query_path(request: Request) -> str:
    path = request.query_params.get("path", "").rstrip("/")
    return checked_artifact_path(path) if path else ""


def _call(tracking: Tracking, request: Request) -> Call:
    return Call(_project(request), tracking.services.ids.hex32(), Fields({}))


def _project(request: Request) -> str:
    project: str = request.scope.get("lineproof.project", DEFAULT_PROJECT)
    return project


def _json(body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
