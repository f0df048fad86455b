"""The models of an MLflow database, and where its artifacts stand beside it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from domain.errors import LineproofError
from ingest.files.artifact_files import artifact_files
from ingest.files.mlflow_models import logged_model_record, registered_model_record, version_of
from ingest.files.tables import Database, Row, is_table, pairs, rows, whole
from ingest.model_record import LoggedModelRecord, RegisteredModelRecord, VersionOf
from ingest.record import Broken, FoundFile, LeftOut
from ingest.record_values import ExperimentOf

_BESIDE: Final = ("mlartifacts", "mlruns")
"""Folders that MLflow's server and client make beside their database."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_ADDRESS: Final = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:", re.ASCII)


class ArtifactFolders:
    """Finds the folder of a run's artifacts beside the database, by ids and never by its address;
    says once for each experiment that they are elsewhere."""

    def __init__(self, database: Path) -> None:
        self._root = database.parent
        self._said: set[str] = set()

    def files(
        self, experiment_id: str, owner: str, address: str, *, is_model: bool = False
    ) -> Iterator[FoundFile | Broken | LeftOut]:
        """The files of a run, or of a logged model, that has them at ``address``."""
        if not (_PLAIN.fullmatch(experiment_id) and _PLAIN.fullmatch(owner)):
            yield Broken(f"artifacts of {owner}", "its id is no plain name")
            return
        below = Path(experiment_id, "models", owner) if is_model else Path(experiment_id, owner)
        places = [self._root / name / below / "artifacts" for name in _BESIDE]
        found = [place for place in places if place.is_dir()]
        for place in found:
            yield from artifact_files(place, root=self._root, owner=owner, is_model=is_model)
        why = "" if found else self._elsewhere(address)
        if why and experiment_id not in self._said:
            self._said.add(experiment_id)
            yield LeftOut(f"artifacts of experiment {experiment_id}", why)

    def _elsewhere(self, address: str) -> str:
        """Why there is nothing to be found; empty when there may be just nothing."""
        if address and _ADDRESS.match(address) and not address.startswith("mlflow-artifacts:"):
            return f"they are at {address[:200]}, which is not opened"
        if any((self._root / name).is_dir() for name in _BESIDE) or not address:
            return ""
        return f"they are at {address[:200]}; put that folder beside the database, as mlruns"


def logged_models(
    db: Database, experiments: Mapping[object, ExperimentOf], folders: ArtifactFolders
) -> Iterator[LoggedModelRecord | FoundFile | Broken | LeftOut]:
    """Each logged model, and its files."""
    if not is_table(db, "logged_models"):
        return
    for row in list(rows(db, "SELECT * FROM logged_models ORDER BY model_id")):
        model_id = row["model_id"]
        experiment = experiments.get(row.get("experiment_id"))
        if experiment is None:
            yield Broken(f"logged model {model_id}", "its experiment is not there")
            continue
        named = {"name": "param_key", "value": "param_value"}
        params = pairs(db, "logged_model_params", "model_id", model_id, **named)
        named = {"name": "tag_key", "value": "tag_value"}
        tags = pairs(db, "logged_model_tags", "model_id", model_id, **named)
        yield logged_model_record(row, experiment, params=params, tags=tags)
        address = str(row.get("artifact_location") or "")
        yield from folders.files(experiment["id"], str(model_id), address, is_model=True)


def registered_models(db: Database) -> Iterator[RegisteredModelRecord | Broken]:
    """Each registered model with its versions; a version that cannot be read is left out."""
    if not is_table(db, "registered_models"):
        return
    for row in list(rows(db, "SELECT * FROM registered_models ORDER BY name")):
        name = row["name"]
        versions: list[VersionOf] = []
        for version in list(_versions(db, name)):
            try:
                versions.append(version_of(version, _version_tags(db, version)))
            except LineproofError as error:
                yield Broken(f"version {version.get('version')} of model {name}", error.message)
        given = {"name": "alias", "value": "version"}
        aliases = pairs(db, "registered_model_aliases", "name", name, **given)
        yield registered_model_record(
            row,
            tags=pairs(db, "registered_model_tags", "name", name),
            aliases={alias: whole(int(n)) for alias, n in aliases.items() if n.isdecimal()},
            versions=versions,
        )


def _versions(db: Database, name: object) -> Iterator[Row]:
    if is_table(db, "model_versions"):
        sql = "SELECT * FROM model_versions WHERE name = ? AND current_stage != ? ORDER BY version"
        yield from rows(db, sql, name, "Deleted_Internal")


def _version_tags(db: Database, version: Row) -> dict[str, str]:
    if not is_table(db, "model_version_tags"):
        return {}
    sql = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ? ORDER BY key"
    found = rows(db, sql, version["name"], version["version"])
    return {str(row["key"]): str(row["value"] or "") for row in found}
