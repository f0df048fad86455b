"""What changed from one version of an artifact to another, as far as its client said what is in it.

Packages of an environment; files, rows and columns of a dataset. Two versions of which nothing is
known but their digests differ in nothing that could be named.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from analytics.facts import Input
from domain.facet import Facet
from domain.packages import parse_packages

NAMED_VERSION: Final = "version"
"""Algorithm of an artifact whose digest is a version that its client names."""


class ChangeKind(StrEnum):
    """What changed, the most telling first."""

    PACKAGE = "PACKAGE"
    ROWS = "ROWS"
    FILES = "FILES"
    """How many files; with a manifest each of them is a FILE."""
    FILE = "FILE"
    COLUMN = "COLUMN"
    BYTES = "BYTES"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was added (no ``before``), removed (no ``after``) or changed."""

    kind: ChangeKind
    name: str
    """The package, file or column; empty for a count."""
    before: str | None
    after: str | None


def version_changes(before: Input, after: Input) -> tuple[Change, ...]:
    """The changes by (kind, name); none when nothing is known of either side's content."""
    if _is_environment(before) and _is_environment(after):
        return package_changes(packages_of(before), packages_of(after))
    manifests = [_manifest(side) for side in (before, after)]
    rows = [_rows(side) for side in (before, after)]
    found = [
        *_count(ChangeKind.ROWS, *rows),
        *_named(ChangeKind.FILE, *manifests),
        *_named(ChangeKind.COLUMN, _columns(before), _columns(after)),
    ]
    if None in manifests:
        found += _count(ChangeKind.FILES, *(side.about.get("files") for side in (before, after)))
    if not found:
        found += _count(ChangeKind.BYTES, *(side.about.get("bytes") for side in (before, after)))
    return tuple(found)


def input_changes(before: Sequence[Input], after: Sequence[Input]) -> tuple[Change, ...]:
    """The changes between what each side has: of every name that both have one version of.

    Versions of two names are held against each other where each side has one alone.
    """
    names = sorted({use.name for use in before} & {use.name for use in after})
    pairs = [
        tuple([use for use in side if use.name == n] for side in (before, after)) for n in names
    ]
    if not names:
        pairs = [(list(before), list(after))]
    found = {
        change: None
        for first, second in pairs
        if len(first) == len(second) == 1
        for change in version_changes(first[0], second[0])
    }
    return tuple(found)


def text_changes(before: Collection[str], after: Collection[str]) -> tuple[Change, ...]:
    """The packages that changed between two texts that list packages."""
    if len(before) != 1 or len(after) != 1:
        return ()
    sides = [parse_packages(next(iter(side))) for side in (before, after)]
    return package_changes(*sides) if all(sides) else ()


def packages_of(use: Input) -> Mapping[str, str] | None:
    """Package to version; None when the artifact does not say."""
    if "packages" in use.about:
        return _texts(_json(use.about["packages"]))
    if use.algorithm == NAMED_VERSION and use.digest and "\n" not in use.digest:
        return parse_packages(use.digest) or {use.name: use.digest}
    return None


def package_changes(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> tuple[Change, ...]:
    """The packages that were added, removed, or have another version, by name."""
    return tuple(_named(ChangeKind.PACKAGE, before, after))


def _is_environment(use: Input) -> bool:
    return use.kind == "ENVIRONMENT" or use.facet is Facet.ENVIRONMENT


def _named(
    kind: ChangeKind, before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> list[Change]:
    if before is None or after is None:
        return []
    return [
        Change(kind, name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _count(kind: ChangeKind, before: str | None, after: str | None) -> list[Change]:
    known = before is not None and after is not None and before != after
    return [Change(kind, "", before, after)] if known else []


def _manifest(use: Input) -> Mapping[str, str] | None:
    """Path to digest: DVC's directory manifest, ``[{relpath, md5}]``."""
    items = _json(use.about.get("manifest", ""))
    if not isinstance(items, list):
        return None
    rows = _objects(cast("list[object]", items))
    return {str(row["relpath"]): str(row.get("md5", "")) for row in rows if "relpath" in row}


def _rows(use: Input) -> str | None:
    """Rows as the client counted them: its statistics, MLflow's profile, or a tensor's shape."""
    if "rows" in use.about:
        return use.about["rows"]
    profile = _json(use.about.get("profile", ""))
    if not isinstance(profile, dict):
        return None
    counted = cast("Mapping[str, object]", profile)
    if isinstance(counted.get("num_rows"), int):
        return str(counted["num_rows"])
    shape = counted.get("features_shape")
    if isinstance(shape, dict):
        shapes = cast("Mapping[str, object]", shape)
        shape = shapes[min(shapes)] if shapes else None
    dimensions = cast("list[object]", shape) if isinstance(shape, list) else []
    return str(dimensions[0]) if dimensions and isinstance(dimensions[0], int) else None


def _columns(use: Input) -> Mapping[str, str] | None:
    """Column to type: MLflow's ``mlflow_colspec`` or OpenLineage's schema fields."""
    schema = _json(use.about.get("schema", ""))
    if isinstance(schema, dict):
        schema = cast("Mapping[str, object]", schema).get("mlflow_colspec")
    if not isinstance(schema, list):
        return None
    fields = _objects(cast("list[object]", schema))
    return {str(field["name"]): str(field.get("type", "")) for field in fields if "name" in field}


def _objects(items: Sequence[object]) -> list[Mapping[str, object]]:
    return [cast("Mapping[str, object]", item) for item in items if isinstance(item, dict)]


def _json(text: str) -> object:
    try:
        return cast("object", json.loads(text)) if text else None
    except (ValueError, RecursionError):
        return None


def _texts(value: object) -> Mapping[str, str] | None:
    if not isinstance(value, dict):
        return None
    return {str(k): str(v) for k, v in cast("Mapping[object, object]", value).items()}
