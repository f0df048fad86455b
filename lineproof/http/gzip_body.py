"""Bodies that came compressed: unfolded as they come, and never beyond the limit.

One gzip member (RFC 1952), as OpenLineage's clients send it. What it unfolds to is cut off one byte
past the limit, so a few bytes that stand for many cost no more than a plain body does.
"""

import zlib

from domain.errors import ErrorCode, UsageError

_GZIP_WINDOW = 31
"""zlib's ``wbits`` for a gzip header, and the largest window."""


class GzipBody:
    """Unfolds one gzip member piece by piece."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)

    def unfold(self, piece: bytes, most: int) -> bytes:
        """What ``piece`` adds, at most ``most`` (at least 1) bytes of it.

        Raises ``UsageError`` (MALFORMED) for what is no gzip, or goes on after its end.
        """
        try:
            unfolded = self._inflate.decompress(piece, most)
        except zlib.error as error:
            raise _malformed("is not gzip, as its Content-Encoding says") from error
        if self._inflate.unused_data:
            raise _malformed("goes on after the end of its gzip member")
        return unfolded

    def finish(self) -> None:
        """That the member is whole. Raises ``UsageError`` (MALFORMED)."""
        if not self._inflate.eof:
            raise _malformed("breaks off inside its gzip member")


def _malformed(what: str) -> UsageError:
    return UsageError(
        f"The body {what}.",
        code=ErrorCode.MALFORMED,
        hint="Send one gzip member, or the body without Content-Encoding.",
    )
