"""What a project may be called: a name that stands in URLs, ids and file names as it is."""

import re

from domain.errors import ErrorCode, UsageError

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def checked_project(text: str) -> str:
    """``text`` when it names a project; ``UsageError`` (INVALID_NAME) otherwise."""
    if not _PROJECT.fullmatch(text):
        raise UsageError(
            "The project name is not valid.",
            code=ErrorCode.INVALID_NAME,
            hint="Use 1 to 64 ASCII letters, digits, dots, dashes and underscores; "
            "begin with a letter or digit.",
        )
    return text
