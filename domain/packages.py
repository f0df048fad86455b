"""Lists of packages: what pip writes and reads, as package to version.

Names are normalised as PEP 503 says. A pinned package (``==``) has its version, any other what the
list asks for (``>=1.20``), empty when it asks for nothing. Options, comments, markers and hashes
say nothing about the package.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

PACKAGES: Final = "packages"
"""Algorithm of an environment that is identified by the packages in it."""
MAX_TEXT: Final = 1_048_576
"""Characters of a list that are read."""

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_LINE = re.compile(
    rf"(?P<name>{_NAME})\s*(?:\[[^\]]*\])?\s*"
    r"(?:@\s*(?P<url>\S+)|\(?(?P<spec>(?:(?:===?|~=|!=|<=?|>=?)\s*[^\s;,()]+\s*,?\s*)*)\)?)?"
)
_PINNED = re.compile(r"===?\s*([^\s,*]+)")


def parse_packages(text: str) -> dict[str, str]:
    """Package to version, ordered by name; empty when ``text`` is no list of packages.

    Packages stand on lines of their own, or on one line apart by spaces or commas where each is
    pinned (``python==3.11 numpy==1.26``).
    """
    lines = text[:MAX_TEXT].splitlines()
    if len(lines) == 1:
        words = [word for word in re.split(r"[\s,]+", lines[0]) if word]
        return _parsed(words) if words and all("==" in word for word in words) else {}
    return _parsed(lines)


def is_pinned(packages: Mapping[str, str]) -> bool:
    """Whether every package has one version."""
    return all(version and version[0] not in "<>=!~" for version in packages.values())


def normal_name(name: str) -> str:
    """A package's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _parsed(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        stated = re.split(r"(?:^|\s)#|\s--hash|\s*;|\s*\\$", line.strip(), maxsplit=1)[0].strip()
        if not stated or stated.startswith("-"):
            continue
        match = _LINE.fullmatch(stated)
        if match is None:
            return {}
        found[normal_name(match["name"])] = _version(match)
    return dict(sorted(found.items()))


def _version(match: re.Match[str]) -> str:
    if match["url"]:
        return match["url"]
    spec = re.sub(r"\s+", "", match["spec"] or "")
    pinned = _PINNED.fullmatch(spec)
    return pinned[1] if pinned else spec
