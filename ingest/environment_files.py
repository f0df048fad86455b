"""Files that describe an environment, as the packages that they list.

Known by name: pip's lists, conda's files, MLflow's ``python_env.yaml``, lock files. What is in a
file identifies it, not its bytes: another comment or order is the same environment.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Final, cast

from domain.artifact import ArtifactKind, ArtifactRef, ArtifactUse
from domain.canonical import canonical_bytes, canonical_digest
from domain.errors import LineproofError
from domain.facet import Facet, Strength
from domain.packages import MAX_TEXT, PACKAGES, is_pinned, normal_name, parse_packages
from ingest.files.plain_yaml import parse_yaml_object

ROLE: Final = "environment"
_LISTS = re.compile(r"[\w.-]*requirements[\w.-]*\.txt|constraints\.txt")
_FROZEN = re.compile(r"(?:pip[-_])?freeze\.txt|requirements[-_.]lock(?:\.txt)?")
_CONDA = re.compile(r"(?:conda|environment)\.ya?ml")
_EXACT = re.compile(r"([\w.-]+)\s*={1,2}\s*([\w.!+]+)(?:=[\w.]+)?")
_PYTHON = "python_env.yaml"
_LOCKS = ("uv.lock", "poetry.lock", "pylock.toml")


def is_environment_file(path: str) -> bool:
    """Whether a file of this name describes an environment."""
    name = path.rpartition("/")[2].lower()
    patterns = (_LISTS, _FROZEN, _CONDA)
    return any(p.fullmatch(name) for p in patterns) or name in (_PYTHON, *_LOCKS)


def environment_use(path: str, text: str) -> ArtifactUse | None:
    """The environment that the file describes; None when it lists no package."""
    packages = _packages(path.rpartition("/")[2].lower(), text) if len(text) <= MAX_TEXT else {}
    if not packages:
        return None
    return package_use(path.rpartition("/")[2], packages, whole=_lists_all(path))


def package_use(name: str, packages: Mapping[str, str], *, whole: bool) -> ArtifactUse:
    """An environment by its packages; ``whole`` when nothing else is installed in it.

    MANIFEST for all packages of an environment, SAMPLED for some of them, NAMED where one of them
    may be of several versions.
    """
    pinned = Strength.MANIFEST if whole else Strength.SAMPLED
    artifact = ArtifactRef(
        kind=ArtifactKind.ENVIRONMENT.value,
        name=name,
        digest=canonical_digest(dict(packages)).removeprefix("sha256:"),
        algorithm=PACKAGES,
        strength=(pinned if is_pinned(packages) else Strength.NAMED).name,
        attributes={"packages": canonical_bytes(dict(packages)).decode("utf-8")},
    )
    return ArtifactUse(role=ROLE, facet=Facet.ENVIRONMENT.value, artifact=artifact)


def _lists_all(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name in _LOCKS or _FROZEN.fullmatch(name) is not None


def _packages(name: str, text: str) -> dict[str, str]:
    try:
        if name in _LOCKS:
            return _locked(text)
        if name == _PYTHON:
            return _python_env(parse_yaml_object(text, name))
        if _CONDA.fullmatch(name):
            return _conda(parse_yaml_object(text, name))
    except (LineproofError, tomllib.TOMLDecodeError, RecursionError):
        return {}
    return parse_packages(f"{text}\n\n")


def _conda(content: Mapping[str, object]) -> dict[str, str]:
    """``dependencies``: ``name=version=build`` each, and pip's under ``pip``."""
    found: dict[str, str] = {}
    for item in _items(content.get("dependencies")):
        if isinstance(item, str):
            spec = item.rpartition("::")[2]
            exact = _EXACT.fullmatch(spec)
            listed = f"{exact[1]}=={exact[2]}" if exact else spec
            found |= parse_packages(f"{listed}\n\n")
        elif isinstance(item, dict):
            pip = cast("Mapping[str, object]", item).get("pip")
            found |= parse_packages("\n".join(map(str, _items(pip))) + "\n\n")
    return dict(sorted(found.items()))


def _python_env(content: Mapping[str, object]) -> dict[str, str]:
    """MLflow's: the Python and what a build needs; the packages stand in ``requirements.txt``."""
    version = content.get("python")
    return {"python": str(version)} if version else {}


def _locked(text: str) -> dict[str, str]:
    content: dict[str, object] = tomllib.loads(text)
    found: dict[str, str] = {}
    for item in _items(content.get("package") or content.get("packages")):
        if isinstance(item, dict):
            package = cast("Mapping[str, object]", item)
            if package.get("name") and package.get("version"):
                found[normal_name(str(package["name"]))] = str(package["version"])
    return dict(sorted(found.items()))


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
