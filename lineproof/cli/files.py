"""Reading the files that a command line names."""

import hashlib
from pathlib import Path

from domain.errors import UsageError

LIMIT = 16 * 1024 * 1024
"""Bytes."""


def read_bytes(path: Path) -> bytes:
    """The file's bytes; ``UsageError`` (INVALID_ARGUMENT) when it cannot be read or is huge."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > LIMIT:
        raise UsageError(f"{path} is larger than {LIMIT} bytes.")
    return data


def read_text(path: Path) -> str:
    """The file's text; ``UsageError`` (INVALID_ARGUMENT) when it is not UTF-8."""
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.") from error


def file_digest(path: Path) -> str:
    """``sha256:<hex>`` of a file of any size; ``UsageError`` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
