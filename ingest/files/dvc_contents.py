"""What is in the files and folders that ``dvc.lock`` names by digest.

A folder's digest ends in ``.dir`` and is that of its manifest, which lists every file with its own
digest and stands in DVC's cache (``.dvc/cache``), if it was not collected there.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from domain.errors import LineproofError
from ingest.environment_files import environment_use, is_environment_file
from ingest.files.folder import read_text
from ingest.files.git_history import Files

MAX_MANIFEST: Final = 1_048_576
"""Characters of a manifest that is kept; of a larger one only the counts are."""
_FOLDER = re.compile(r"([0-9a-f]{2})([0-9a-f]{30}\.dir)")


@dataclass(frozen=True, slots=True)
class Contents:
    """What can be read at one commit of a project."""

    root: Path
    files: Files
    commit: str

    def about(self, path: str, digest: str, counted: dict[str, str]) -> dict[str, str]:
        """Attributes of the version: ``files``, ``bytes``, ``manifest``, ``packages``."""
        found = dict(counted)
        if is_environment_file(path):
            text = self.files.text(self.commit, path)
            use = environment_use(path, text) if text else None
            if use is not None:
                found |= use["artifact"].get("attributes", {})
        manifest = self._manifest(digest)
        if manifest is not None:
            found["manifest"] = manifest
        return found

    def _manifest(self, digest: str) -> str | None:
        """The folder's manifest, sorted by path; None when it is not there or no manifest."""
        parts = _FOLDER.fullmatch(digest)
        if parts is None:
            return None
        cache = self.root / ".dvc" / "cache"
        for folder in (cache / "files" / "md5", cache):
            file = folder / parts[1] / parts[2]
            if file.is_file() and not file.is_symlink():
                try:
                    return _normal(read_text(file, limit=MAX_MANIFEST))
                except LineproofError:
                    return None
        return None


def _normal(text: str) -> str | None:
    try:
        items: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list):
        return None
    listed = [
        cast("Mapping[str, object]", item)
        for item in cast("list[object]", items)
        if isinstance(item, dict) and "relpath" in item
    ]
    rows = [{"md5": str(one.get("md5", "")), "relpath": str(one["relpath"])} for one in listed]
    rows.sort(key=lambda row: row["relpath"])
    return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
