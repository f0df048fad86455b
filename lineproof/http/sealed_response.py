"""A sealed file as an answer: opened chunk by chunk, so that a range costs no more than itself."""

import itertools
import re
from collections.abc import Iterator, Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ledger.sealed_file import SealedFile

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def sealed_answer(
    file: SealedFile, request: Request, headers: Mapping[str, str], media_type: str
) -> Response:
    """All of the file, or the one range that is asked for (RFC 9110, section 14).

    Several ranges, and a range of another ETag, are answered with all of it. Raises
    ``IntegrityError`` when the first chunk is not the one that was stored.
    """
    asked = request.headers.get("range", "")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        asked = ""
    start, stop, status = _range(asked, file.size)
    if status == 416:
        return PlainTextResponse(status_code=416, headers={"Content-Range": f"bytes */{file.size}"})
    told = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(stop - start)}
    if status == 206:
        told["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    pieces: Iterator[bytes] = iter(()) if request.method == "HEAD" else file.read(start, stop)
    first = list(itertools.islice(pieces, 1))
    return StreamingResponse(
        itertools.chain(first, pieces), status_code=status, headers=told, media_type=media_type
    )


def _range(asked: str, size: int) -> tuple[int, int, int]:
    """First byte, byte after the last, and the status of the answer."""
    match = _RANGE.fullmatch(asked.strip())
    if match is None or not (match[1] or match[2]):
        return 0, size, 200
    if match[1]:
        start = int(match[1])
        stop = min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < start:
            return 0, size, 200
    else:
        start, stop = max(size - int(match[2]), 0), size
    return (start, stop, 206) if start < stop else (0, 0, 416)
