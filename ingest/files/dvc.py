"""DVC projects: each commit that changed ``dvc.lock``, parameters or metrics is a run.

What a stage depends on is identified by DVC's own digests (strength MANIFEST). The evaluation is
the stage that writes metrics; what its dependencies are told from each other by is in
``docs/reference/facets.md``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from domain.artifact import ArtifactKind, ArtifactRef, ArtifactUse
from domain.errors import ErrorCode, LineproofError, UsageError
from domain.facet import Facet, Strength
from domain.ids import derived_id
from ingest.environment_files import is_environment_file
from ingest.facets import commit_use
from ingest.files.dvc_contents import Contents
from ingest.files.flat_values import numbers, texts
from ingest.files.git_history import Commit, Files, commits, open_files
from ingest.files.mlflow_run import NAME_TAG
from ingest.files.plain_yaml import parse_yaml, parse_yaml_object
from ingest.files.series import packed
from ingest.record import Broken, Item, RunRecord
from ingest.record_values import ExperimentOf

DEFAULT_METRICS: Final = ("metrics.json", "metrics.yaml", "dvclive/metrics.json")
_EVALUATION = re.compile(r"eval|test|valid|score", re.I)
_HELD_OUT = re.compile(r"eval|test|valid|holdout|held", re.I)
_MODEL = re.compile(r"model|weights|checkpoint|\.(pkl|pt|pth|onnx|joblib|h5|ckpt)$", re.I)
_CODE = re.compile(r"\.(py|ipynb|r|jl|sh|sql)$|^(src|scripts|code)(/|$)", re.I)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as ``dvc.lock`` has it."""

    name: str
    deps: Mapping[str, str]
    """Path to digest."""
    outs: Mapping[str, str]
    params: Mapping[str, str]
    evaluates: bool
    counts: Mapping[str, dict[str, str]]
    """Path to how many files and bytes DVC counted there, as far as it did."""


def read_dvc(root: Path, experiment: str) -> Iterator[Item]:
    """The runs of the history, the oldest first; a state that is broken is reported."""
    if not root.is_dir():
        raise UsageError(f"{root} is no folder.", code=ErrorCode.INVALID_PATH)
    first = commits(root, ["dvc.lock", "dvc.yaml", "params.yaml", *DEFAULT_METRICS])
    return _read(root, experiment, first)


def _read(root: Path, experiment: str, first: list[Commit]) -> Iterator[Item]:
    with open_files(root) as files:
        metrics = sorted({path for one in first for path in _metric_paths(files, one.id)})
        watched = ["dvc.lock", "params.yaml", *DEFAULT_METRICS, *metrics]
        made: set[tuple[str, str]] = set()
        for commit in commits(root, list(dict.fromkeys(watched))):
            try:
                yield from _run(root, files, commit, experiment, metrics, made)
            except LineproofError as error:
                yield Broken(f"commit {commit.id[:12]}", error.message)


def _run(
    root: Path,
    files: Files,
    commit: Commit,
    experiment: str,
    metrics: list[str],
    made: set[tuple[str, str]],
) -> Iterator[Item]:
    stages = _stages(files, commit.id)
    contents = Contents(root, files, commit.id)
    run_id = derived_id("dvc", commit.id)
    params = texts(_parsed(files, commit.id, "params.yaml"))
    for stage in stages:
        params = {**stage.params, **params}
    code = commit_use(experiment, commit.id)
    yield RunRecord(
        kind="run",
        run_id=run_id,
        experiment=ExperimentOf(id="", name=experiment, deleted=False, tags={}),
        name=commit.id[:12],
        user="",
        status="FINISHED",
        start_time=commit.time,
        end_time=commit.time,
        deleted=False,
        job="dvc repro",
        params=params,
        tags={NAME_TAG: commit.id[:12], "dvc.commit": commit.id},
        uses=[code, *_uses(stages, contents)],
        generates=_generates(stages, made, contents),
    )
    values: dict[str, str] = {}
    for path in dict.fromkeys((*metrics, *DEFAULT_METRICS)):
        for key, value in numbers(_parsed(files, commit.id, path)).items():
            values[f"{path}:{key}" if key in values else key] = value
    yield from packed(run_id, ((key, [[value, 0, commit.time]]) for key, value in values.items()))


def _metric_paths(files: Files, commit: str) -> list[str]:
    """What ``dvc.yaml`` calls metrics: a path, or a path with options."""
    text = files.text(commit, "dvc.yaml")
    try:
        pipeline = parse_yaml_object(text, "dvc.yaml") if text else {}
    except LineproofError:
        return []
    found = [*_paths(pipeline.get("metrics"))]
    for stage in _mapping(pipeline.get("stages")).values():
        found += _paths(_mapping(stage).get("metrics"))
    return found


def _stages(files: Files, commit: str) -> list[Stage]:
    text = files.text(commit, "dvc.lock")
    if text is None:
        return []
    lock = parse_yaml_object(text, "dvc.lock")
    stages = _mapping(lock.get("stages")) if "stages" in lock else lock
    pipeline = _mapping(_mapping(_parsed(files, commit, "dvc.yaml")).get("stages"))
    found: list[Stage] = []
    for name, value in stages.items():
        stage = _mapping(value)
        params: dict[str, str] = {}
        for path, values in _mapping(stage.get("params")).items():
            prefix = "" if path == "params.yaml" else f"{path}:"
            params |= {f"{prefix}{key}": text for key, text in texts(values).items()}
        has_metrics = bool(_paths(_mapping(pipeline.get(name)).get("metrics")))
        evaluates = has_metrics or bool(_EVALUATION.search(name))
        outs = _digests(stage.get("outs"))
        counts = {**_counts(stage.get("deps")), **_counts(stage.get("outs"))}
        found.append(Stage(name, _digests(stage.get("deps")), outs, params, evaluates, counts))
    return found


def _uses(stages: list[Stage], contents: Contents) -> list[ArtifactUse]:
    produced = {path for stage in stages for path in stage.outs}
    uses: list[ArtifactUse] = []
    for stage in stages:
        for path, digest in stage.deps.items():
            facet = _facet(stage, path, produced)
            if facet is not None or path not in produced:
                ref = _artifact(
                    _kind(path),
                    path,
                    digest,
                    contents.about(path, digest, stage.counts.get(path, {})),
                )
                role = f"{stage.name}:{path}"
                uses.append(
                    ArtifactUse(role=role, facet=facet.value if facet else "", artifact=ref)
                )
    return uses


def _facet(stage: Stage, path: str, produced: set[str]) -> Facet | None:
    kind = _kind(path)
    if kind is ArtifactKind.ENVIRONMENT:
        return Facet.ENVIRONMENT
    if kind is ArtifactKind.CODE:
        return Facet.EVAL_CODE if stage.evaluates else Facet.TRAIN_CODE
    if kind is ArtifactKind.MODEL:
        return None if path in produced else Facet.BASE_MODEL
    if stage.evaluates and (_HELD_OUT.search(path) or path not in produced):
        return Facet.EVAL_DATA
    return None if path in produced else Facet.TRAIN_DATA


def _generates(
    stages: list[Stage], made: set[tuple[str, str]], contents: Contents
) -> list[ArtifactUse]:
    """What no stage goes on to use, the first time that it is seen."""
    used = {path for stage in stages for path in stage.deps}
    generates: list[ArtifactUse] = []
    for stage in stages:
        for path, digest in stage.outs.items():
            if path in used or (path, digest) in made:
                continue
            made.add((path, digest))
            kind = _kind(path) if _kind(path) is ArtifactKind.MODEL else ArtifactKind.FILE
            ref = _artifact(
                kind, path, digest, contents.about(path, digest, stage.counts.get(path, {}))
            )
            generates.append(ArtifactUse(role=f"{stage.name}:{path}", facet="", artifact=ref))
    return generates


def _kind(path: str) -> ArtifactKind:
    if is_environment_file(path):
        return ArtifactKind.ENVIRONMENT
    if _CODE.search(path):
        return ArtifactKind.CODE
    return ArtifactKind.MODEL if _MODEL.search(path) else ArtifactKind.DATASET


def _artifact(kind: ArtifactKind, path: str, digest: str, about: dict[str, str]) -> ArtifactRef:
    ref = ArtifactRef(
        kind=kind.value,
        name=path,
        digest=digest,
        algorithm="dvc.md5",
        strength=Strength.MANIFEST.name,
    )
    if about:
        ref["attributes"] = about
    return ref


def _counts(value: object) -> dict[str, dict[str, str]]:
    """What DVC counted: ``nfiles`` of a folder, ``size`` in bytes."""
    found: dict[str, dict[str, str]] = {}
    for item in cast("list[object]", value) if isinstance(value, list) else []:
        one = _mapping(item)
        names = (("files", "nfiles"), ("bytes", "size"))
        found[str(one.get("path"))] = {
            name: str(one[key]) for name, key in names if isinstance(one.get(key), int)
        }
    return found


def _digests(value: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in cast("list[object]", value) if isinstance(value, list) else []:
        one = _mapping(item)
        digest = one.get("md5") or one.get("checksum") or one.get("etag")
        if isinstance(one.get("path"), str) and digest:
            found[str(one["path"])] = str(digest)
    return found


def _paths(value: object) -> list[str]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    found: list[str] = []
    for item in items:
        found += [item] if isinstance(item, str) else [str(path) for path in _mapping(item)]
    return found


def _parsed(files: Files, commit: str, path: str) -> object:
    """YAML, of which JSON is a part; None when the file is not there."""
    text = files.text(commit, path)
    return None if text is None else parse_yaml(text, path)


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        return {}
    return {str(key): item for key, item in cast("dict[object, object]", value).items()}
