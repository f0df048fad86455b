"""The files that runs and logged models left in a folder: found, never opened here.

Links are not followed, and what is neither file nor folder is left alone.
"""

from collections.abc import Iterator
from pathlib import Path

from domain.errors import LineproofError
from ingest.files.folder import entries
from ingest.mlflow.locations import checked_artifact_path
from ingest.record import Broken, FoundFile


def artifact_files(
    folder: Path, *, root: Path, owner: str, is_model: bool = False
) -> Iterator[FoundFile | Broken]:
    """Every file below ``folder``, by path; nothing when it is not there."""
    if folder.is_symlink() or not folder.is_dir():
        return
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        where = str(path.relative_to(root))
        try:
            if path.is_symlink():
                yield Broken(where, "it is a link, which is not followed")
            elif path.is_dir():
                waiting += reversed(entries(path))
            elif not path.is_file():
                yield Broken(where, "it is no file")
            else:
                name = checked_artifact_path(path.relative_to(folder).as_posix())
                yield FoundFile(owner, is_model, name, path)
        except LineproofError as error:
            yield Broken(where, error.message)
