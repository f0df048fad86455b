"""Which content types a body may have."""

from typing import Final

from starlette.requests import Request

from domain.errors import ErrorCode, UsageError

JSON: Final = ("application/json",)
YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml")


def require_type(request: Request, allowed: tuple[str, ...]) -> None:
    """``UsageError`` unless the body's type is ``allowed``.

    A web page's form cannot send these types, so it cannot ask for anything.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise UsageError(
            f"A body of type {given[:60] or 'none'!r} is not accepted here.",
            code=ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            hint=f"Send Content-Type: {allowed[0]}.",
        )
