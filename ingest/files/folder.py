"""Reading a folder that somebody else filled: nothing outside of it, nothing huge, in one order.

Links are never followed, whatever they point at, and files are opened so that none can be put in
place meanwhile.
"""

import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

from domain.errors import ErrorCode, UsageError

MAX_TEXT_FILE: Final = 16 * 1024 * 1024
"""Bytes of a file that is read whole."""
MAX_LINE: Final = 64 * 1024
"""Bytes of a line."""


def entries(folder: Path) -> list[Path]:
    """What is in ``folder``, by name; ``UsageError`` (INVALID_PATH) when it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be listed: {error.strerror}.", code=ErrorCode.INVALID_PATH
        ) from error


def folders(folder: Path) -> list[Path]:
    """The folders in ``folder``, by name; links are left out."""
    return [path for path in entries(folder) if path.is_dir() and not path.is_symlink()]


def links(folder: Path) -> list[Path]:
    """The links in ``folder``, by name."""
    return [path for path in entries(folder) if path.is_symlink()]


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """(name relative to ``folder``, path) of every file below it, links left out."""
    for path in entries(folder) if folder.is_dir() and not folder.is_symlink() else ():
        if path.is_symlink():
            continue
        if path.is_dir():
            for name, found in files_below(path):
                yield f"{path.name}/{name}", found
        else:
            yield path.name, path


def read_file(path: Path, *, limit: int = MAX_TEXT_FILE) -> bytes:
    """The bytes of a regular file.

    Raises ``UsageError``: INVALID_PATH for a link or what is no file, TOO_LARGE beyond ``limit``.
    """
    with open_file(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise UsageError(f"{path} is larger than {limit} bytes.", code=ErrorCode.TOO_LARGE)
    return data


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a regular file, one at a time, each at most ``MAX_LINE`` long.

    Raises ``UsageError`` as ``read_file`` does; bytes that are no UTF-8 are replaced.
    """
    with open_file(path) as file:
        while line := file.readline(MAX_LINE):
            yield line.decode("utf-8", "replace")


def open_file(path: Path) -> BufferedReader:
    """A regular file, to be read and closed; errors as ``read_file``."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        reason = "is a link, which is not followed" if path.is_symlink() else str(error.strerror)
        raise UsageError(f"{path} {reason}.", code=ErrorCode.INVALID_PATH) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UsageError(f"{path} is no file.", code=ErrorCode.INVALID_PATH)
    return os.fdopen(handle, "rb")


def read_text(path: Path, *, limit: int = MAX_TEXT_FILE) -> str:
    """The text of a file; ``UsageError`` (MALFORMED) when it is not UTF-8."""
    try:
        return read_file(path, limit=limit).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.", code=ErrorCode.MALFORMED) from error
