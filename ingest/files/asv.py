"""Results of airspeed velocity (``asv``): one run for each commit, machine and environment.

Layout: ``results/<machine>/machine.json`` and ``results/<machine>/<commit>-<environment>.json``
(``api_version`` 1 and 2), ``results/benchmarks.json``. Format: asv's ``results.py``.
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from domain.artifact import ArtifactKind, ArtifactRef, ArtifactUse
from domain.canonical import JsonObject, JsonValue, canonical_digest
from domain.errors import ErrorCode, LineproofError, UsageError
from domain.facet import Facet, Strength
from domain.ids import derived_id
from domain.metric import decimal_text
from domain.packages import normal_name
from ingest.facets import commit_use
from ingest.files.folder import entries, folders, read_text
from ingest.files.mlflow_run import NAME_TAG
from ingest.files.series import packed
from ingest.record import Broken, Item, RunRecord
from ingest.record_values import ExperimentOf

_NOT_RESULTS: Final = ("benchmarks.json", "machine.json")
MAX_FILE: Final = 256 * 1024 * 1024


def read_asv(root: Path, experiment: str) -> Iterator[Item]:
    """Every result below ``root``, which is asv's folder of results, or holds it."""
    results = root / "results" if (root / "results").is_dir() else root
    if not results.is_dir():
        raise UsageError(f"{root} is no folder of results.", code=ErrorCode.INVALID_PATH)
    versions = _versions(results)
    for machine in folders(results):
        for path in entries(machine):
            if path.suffix != ".json" or path.name in _NOT_RESULTS:
                continue
            try:
                yield from _result(_load(path), machine.name, experiment, versions)
            except LineproofError as error:
                yield Broken(f"{machine.name}/{path.name}", error.message)


def _result(
    result: JsonObject, machine: str, experiment: str, versions: Mapping[str, str]
) -> Iterator[Item]:
    commit = str(result.get("commit_hash") or "")
    if not commit:
        raise UsageError("it names no commit.", code=ErrorCode.MALFORMED)
    environment = str(result.get("env_name") or "unknown")
    run_id = derived_id("asv", experiment, commit, machine, environment)
    at = result.get("date")
    time = at if isinstance(at, int) else 0
    values = dict(_values(result))
    uses = [
        commit_use(experiment, commit),
        _use("hardware", Facet.HARDWARE, ArtifactKind.ENVIRONMENT, machine, result.get("params")),
        _environment(environment, result),
    ]
    measured = {name.partition("(")[0] for name in values}
    known = {name: versions[name] for name in sorted(measured) if name in versions}
    if known:
        uses.append(_use("benchmarks", Facet.METRIC_DEF, ArtifactKind.CONFIG, "benchmarks", known))
    yield RunRecord(
        kind="run",
        run_id=run_id,
        experiment=ExperimentOf(id="", name=experiment, deleted=False, tags={}),
        name=f"{commit[:8]} on {machine}",
        user="",
        status="FINISHED",
        start_time=time,
        end_time=time,
        deleted=False,
        job="asv",
        params={},
        tags={NAME_TAG: f"{commit[:8]} on {machine}", "asv.commit": commit},
        uses=uses,
        generates=[],
    )
    yield from packed(run_id, ((key, [[value, 0, time]]) for key, value in sorted(values.items())))


def _values(result: JsonObject) -> Iterator[tuple[str, str]]:
    """(benchmark with its parameters, value); what failed or was skipped has none."""
    results = result.get("results")
    columns = result.get("result_columns")
    names = [str(name) for name in columns] if isinstance(columns, list) else ["result", "params"]
    for benchmark, stored in results.items() if isinstance(results, dict) else ():
        row = stored if isinstance(stored, list) else None
        if isinstance(stored, dict):
            row = [stored.get(name) for name in names]
        if row is None:
            row = [stored]
        found = dict(zip(names, row, strict=False))
        yield from _of_benchmark(benchmark, found.get("result"), found.get("params"))


def _of_benchmark(name: str, result: JsonValue, params: JsonValue) -> Iterator[tuple[str, str]]:
    values = result if isinstance(result, list) else [result]
    axes = [axis for axis in params if isinstance(axis, list)] if isinstance(params, list) else []
    combinations: Sequence[tuple[JsonValue, ...]] = list(itertools.product(*axes))
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        given = combinations[index] if axes and index < len(combinations) else ()
        label = f"{name}({', '.join(str(one) for one in given)})" if given else name
        yield label, decimal_text(float(value))


def _use(role: str, facet: Facet, kind: ArtifactKind, name: str, content: JsonValue) -> ArtifactUse:
    digest = canonical_digest(_texts(content)).removeprefix("sha256:")
    ref = ArtifactRef(
        kind=kind.value,
        name=name,
        digest=digest,
        algorithm="asv",
        strength=Strength.MANIFEST.name,
    )
    return ArtifactUse(role=role, facet=facet.value, artifact=ref)


def _environment(name: str, result: JsonObject) -> ArtifactUse:
    python, requirements = result.get("python"), result.get("requirements")
    content: JsonObject = {"python": python, "requirements": requirements}
    use = _use("environment", Facet.ENVIRONMENT, ArtifactKind.ENVIRONMENT, name, content)
    known = isinstance(requirements, Mapping)
    listed: JsonObject = cast("JsonObject", requirements) if known else {}
    packages = {normal_name(str(key)): str(value or "") for key, value in listed.items()}
    if isinstance(python, str):
        packages["python"] = python
    if packages:
        text = json.dumps(packages, sort_keys=True, separators=(",", ":"))
        use["artifact"]["attributes"] = {"packages": text}
    return use


def _texts(value: JsonValue) -> JsonValue:
    """Numbers as text, so that the digest does not depend on how they are printed."""
    if isinstance(value, Mapping):
        return {str(key): _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return value if isinstance(value, str) or value is None else str(value)


def _versions(results: Path) -> dict[str, str]:
    """Each benchmark's version: asv's digest of its code."""
    path = results / "benchmarks.json"
    if not path.is_file() or path.is_symlink():
        return {}
    benchmarks = _load(path)
    return {
        name: str(one.get("version"))
        for name, one in benchmarks.items()
        if isinstance(one, Mapping) and one.get("version")
    }


def _load(path: Path) -> JsonObject:
    """What was not measured stands as NaN, which is no JSON: it is read as null."""
    try:
        value: JsonValue = json.loads(
            read_text(path, limit=MAX_FILE), parse_constant=lambda _: None
        )
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is no JSON: {error}.", code=ErrorCode.MALFORMED) from error
    if not isinstance(value, dict):
        raise UsageError("it is no JSON object.", code=ErrorCode.MALFORMED)
    return cast("JsonObject", value)
