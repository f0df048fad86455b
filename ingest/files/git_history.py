"""The past states of files in a git repository, read by plumbing commands alone.

A repository's own configuration can name programs that git runs (pagers, signature checks, file
monitors, hooks): ``rev-list`` and ``cat-file`` use none of them, and the environment is empty.
"""

import os
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from domain.errors import BackendError, ErrorCode, UsageError

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes of one file at one commit; a larger one is as if it were not there."""
_SECONDS = 60
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager")
_ENVIRONMENT = {
    "PATH": f"/usr/local/bin:{os.defpath}",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit that touched a file of interest."""

    id: str
    time: int
    """The committer's clock, milliseconds since the epoch."""


def commits(root: Path, paths: Sequence[str]) -> list[Commit]:
    """Commits of HEAD's history that changed any of ``paths``, the oldest first.

    Raises ``UsageError`` (INVALID_PATH) when ``root`` is in no repository that git will read.
    """
    command = [*_GIT, "rev-list", "--timestamp", "--reverse", "HEAD", "--", *paths]
    try:
        done = subprocess.run(
            command, cwd=root, env=_ENVIRONMENT, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError("git cannot be run.", hint="Install git.") from error
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[:1]
        raise UsageError(
            f"{root} is no git repository with a history: {' '.join(reason)[:300]}",
            code=ErrorCode.INVALID_PATH,
        )
    pairs = (line.split(" ", 1) for line in done.stdout.decode("ascii").splitlines())
    return [Commit(commit, int(seconds) * 1000) for seconds, commit in pairs]


class Files:
    """Files of any commit."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask = ask
        self._answer = answer

    def text(self, commit: str, path: str) -> str | None:
        """The file's text; None when it is not there, is larger than ``MAX_FILE``, or no text."""
        if not path.isprintable() or path.startswith("/") or ".." in Path(path).parts:
            return None
        self._ask.write(f"{commit}:./{path}\n".encode())
        self._ask.flush()
        header = self._answer.readline().split()
        if len(header) != 3 or not header[2].isdigit():
            return None
        size, parts = int(header[2]), list[bytes]()
        left = size + 1
        while left and (part := self._answer.read(min(left, 1 << 20))):
            left -= len(part)
            if size <= MAX_FILE:
                parts.append(part)
        try:
            return b"".join(parts)[:-1].decode("utf-8") if parts and header[1] == b"blob" else None
        except UnicodeDecodeError:
            return None


@contextmanager
def open_files(root: Path) -> Generator[Files]:
    """One ``git cat-file`` that answers until the block ends."""
    with subprocess.Popen(
        [*_GIT, "cat-file", "--batch"],
        cwd=root,
        env=_ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield Files(cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout))
        finally:
            cast("IO[bytes]", process.stdin).close()
