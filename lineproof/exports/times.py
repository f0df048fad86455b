"""Milliseconds since the epoch as RFC 3339."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(milliseconds: int) -> str:
    """UTC, to the millisecond; what no calendar has is its nearest end."""
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        moment = datetime(9999, 12, 31, tzinfo=UTC) if milliseconds > 0 else _EPOCH
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
