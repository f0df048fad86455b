"""MLflow's folders (``mlruns/``), as every version of its file store has written them.

``<experiment>/meta.yaml``, ``<experiment>/<run>/{meta.yaml,metrics,params,tags,inputs,outputs}``,
``<experiment>/datasets/<id>/meta.yaml``; deleted experiments stand in ``.trash``.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

from domain.artifact import ArtifactUse
from domain.errors import ErrorCode, LineproofError, UsageError
from ingest.files.artifact_files import artifact_files
from ingest.files.folder import files_below, folders, links, read_lines, read_text
from ingest.files.measured import Links, Measured, MeasuredPoints, linked, links_of
from ingest.files.mlflow_models import logged_model_record, registered_model_record, version_of
from ingest.files.mlflow_run import (
    dataset_input,
    experiment_of,
    model_input,
    model_output,
    parent_record,
    run_record,
)
from ingest.files.plain_yaml import parse_yaml_object
from ingest.files.series import Point, SeriesPack, point
from ingest.model_record import VersionOf
from ingest.record import Broken, Item, LeftOut, ParentRecord
from ingest.record_values import ExperimentOf

_ADDRESS = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:", re.ASCII)
"""How an address begins that is not a path; one letter would be a drive."""
_DELETED_VERSION = "Deleted_Internal"
_OLD_SECONDS = 10_000_000_000
"""Timestamps below this many are seconds: the first versions wrote those."""


def read_mlruns(root: Path) -> Iterator[Item]:
    """Every run below ``root``, parents last; what cannot be read is reported and left out."""
    parents: list[ParentRecord] = []
    for link in links(root):
        yield Broken(str(link.relative_to(root)), "it is a link, which is not followed")
    trash = root / ".trash"
    deleted = folders(trash) if trash.is_dir() and not trash.is_symlink() else []
    for folder in (*folders(root), *deleted):
        if folder.name.startswith(".") or not (folder / "meta.yaml").exists():
            continue
        try:
            experiment = _experiment(folder, deleted=folder.parent == trash)
        except LineproofError as error:
            yield _broken(folder, root, error)
            continue
        measured = _measured(folder / "models")
        for run in folders(folder):
            if (run / "meta.yaml").exists() and run.name not in ("datasets", "models", "traces"):
                yield from _run(run, experiment, measured, root, parents)
        yield from _logged_models(folder / "models", experiment, root)
        for link in links(folder):
            yield Broken(str(link.relative_to(root)), "it is a link, which is not followed")
    yield from parents
    yield from _registered_models(root / "models", root)


def _experiment(folder: Path, *, deleted: bool) -> ExperimentOf:
    meta = parse_yaml_object(read_text(folder / "meta.yaml"), f"{folder.name}/meta.yaml")
    tags = {name: read_text(path) for name, path in files_below(folder / "tags")}
    experiment = experiment_of({"experiment_id": folder.name, **meta}, tags)
    return {**experiment, "deleted": deleted or experiment["deleted"]}


def _run(
    folder: Path,
    experiment: ExperimentOf,
    measured: MeasuredPoints,
    root: Path,
    parents: list[ParentRecord],
) -> Iterator[Item]:
    try:
        meta = parse_yaml_object(read_text(folder / "meta.yaml"), f"{folder.name}/meta.yaml")
        record = run_record(
            {"run_id": folder.name, **meta},
            experiment,
            params=_values(folder / "params"),
            tags=_values(folder / "tags"),
            uses=_inputs(folder),
            generates=_outputs(folder),
        )
    except LineproofError as error:
        yield _broken(folder, root, error)
        return
    yield record
    parent = parent_record(record)
    if parent:
        parents.append(parent)
    for below in ("metrics", "params", "tags"):
        for link in links(folder / below) if (folder / below).is_dir() else ():
            yield Broken(str(link.relative_to(root)), "it is a link, which is not followed")
    pack = SeriesPack(record["run_id"])
    for key, path in files_below(folder / "metrics"):
        try:
            yield from pack.add(key, linked(record["run_id"], key, _points(path), measured))
        except LineproofError as error:
            yield _broken(path, root, error)
    yield from pack.rest()
    yield from artifact_files(folder / "artifacts", root=root, owner=record["run_id"])
    address = str(meta.get("artifact_uri") or "")
    if _ADDRESS.match(address) and not (folder / "artifacts").is_dir():
        why = f"they are at {address[:200]}, which is not opened"
        yield LeftOut(f"artifacts of {folder.relative_to(root)}", why)


def _measured(models: Path) -> MeasuredPoints:
    """The points that stand with a model, too: ``timestamp value step run [dataset digest]``."""
    found: dict[Measured, Links] = {}
    for model in folders(models) if models.is_dir() and not models.is_symlink() else ():
        for key, path in files_below(model / "metrics"):
            for line in read_lines(path):
                parts = line.split()
                with suppress(ValueError, LineproofError):  # The run has the point all the same.
                    timestamp, value, step, run_id, *dataset = parts
                    milliseconds = _time(int(timestamp))
                    text = str(point(value, int(step), milliseconds)[0])
                    place = Measured(run_id, key, text, int(step), milliseconds)
                    name, digest = dataset if len(dataset) == 2 else ("", "")
                    found.setdefault(place, links_of(model.name, name, digest))
    return found


def _logged_models(folder: Path, experiment: ExperimentOf, root: Path) -> Iterator[Item]:
    for model in folders(folder) if folder.is_dir() and not folder.is_symlink() else ():
        try:
            meta = parse_yaml_object(read_text(model / "meta.yaml"), f"{model.name}/meta.yaml")
            record = logged_model_record(
                {"model_id": model.name, **meta},
                experiment,
                params=_values(model / "params"),
                tags=_values(model / "tags"),
            )
        except LineproofError as error:
            yield _broken(model, root, error)
            continue
        yield record
        model_id = record["model_id"]
        yield from artifact_files(model / "artifacts", root=root, owner=model_id, is_model=True)


def _registered_models(folder: Path, root: Path) -> Iterator[Item]:
    """``models/<name>/{meta.yaml,tags,aliases,version-<n>/{meta.yaml,tags}}``."""
    for model in folders(folder) if folder.is_dir() and not folder.is_symlink() else ():
        versions: list[VersionOf] = []
        for one in folders(model):
            if one.name.startswith("version-"):
                try:
                    meta = parse_yaml_object(read_text(one / "meta.yaml"), "meta.yaml")
                    if meta.get("current_stage") != _DELETED_VERSION:
                        versions.append(version_of(meta, _values(one / "tags")))
                except LineproofError as error:
                    yield _broken(one, root, error)
        try:
            meta = parse_yaml_object(read_text(model / "meta.yaml"), f"{model.name}/meta.yaml")
            aliases = _values(model / "aliases")
            yield registered_model_record(
                meta,
                tags=_values(model / "tags"),
                aliases={name: int(n) for name, n in aliases.items() if n.strip().isdecimal()},
                versions=sorted(versions, key=lambda version: version["version"]),
            )
        except LineproofError as error:
            yield _broken(model, root, error)


def _values(folder: Path) -> dict[str, str]:
    """Keys with slashes are folders; a value may end in the newline that a shell put there."""
    return {name: read_text(path) for name, path in files_below(folder)}


def _points(path: Path) -> Iterator[Point]:
    """Lines of ``timestamp value [step [dataset …]]``."""
    for number, line in enumerate(read_lines(path), 1):
        parts = line.split()
        if not parts:
            continue
        try:
            timestamp = int(parts[0])
            step = int(parts[2]) if len(parts) > 2 else 0
            value = parts[1]
        except (ValueError, IndexError) as error:
            raise UsageError(
                f"line {number} is not `timestamp value step`.", code=ErrorCode.MALFORMED
            ) from error
        made = point(value, step, _time(timestamp))
        yield [*made, links_of("", *parts[3:5])] if len(parts) == 5 else made


def _time(timestamp: int) -> int:
    """Milliseconds since the epoch."""
    return timestamp * 1000 if timestamp < _OLD_SECONDS else timestamp


def _inputs(run: Path) -> list[ArtifactUse]:
    return list(_linked(run, "inputs"))


def _outputs(run: Path) -> list[ArtifactUse]:
    return list(_linked(run, "outputs"))


def _linked(run: Path, side: str) -> Iterator[ArtifactUse]:
    """``inputs/<id>/meta.yaml`` names a dataset of the experiment or a model; outputs a model."""
    for folder in folders(run / side) if (run / side).is_dir() else ():
        meta = parse_yaml_object(read_text(folder / "meta.yaml"), f"{folder.name}/meta.yaml")
        ends = {str(meta.get("source_type")): str(meta.get("source_id"))}
        ends[str(meta.get("destination_type"))] = str(meta.get("destination_id"))
        model = next((id_ for kind, id_ in ends.items() if "MODEL" in kind), "")
        if side == "outputs" and model:
            step = meta.get("step")
            yield model_output(model, step if isinstance(step, int) else 0)
        elif model:
            yield model_input(model)
        elif "DATASET" in ends:
            yield _dataset(run, ends["DATASET"], meta)


def _dataset(run: Path, dataset_id: str, meta: dict[str, object]) -> ArtifactUse:
    if not dataset_id.isalnum():
        raise UsageError("the id of a dataset is not plain.", code=ErrorCode.INVALID_PATH)
    path = run.parent / "datasets" / dataset_id / "meta.yaml"
    dataset = parse_yaml_object(read_text(path, limit=1 << 25), f"{dataset_id}/meta.yaml")
    given = meta.get("tags")
    tags = cast("dict[object, object]", given) if isinstance(given, dict) else {}
    row = {**dataset, **{f"dataset_{key}": value for key, value in dataset.items()}}
    return dataset_input(row, {str(key): str(value) for key, value in tags.items()})


def _broken(path: Path, root: Path, error: LineproofError) -> Broken:
    return Broken(str(path.relative_to(root)), error.message)
