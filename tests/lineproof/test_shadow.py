"""A foreign package under one of our names stops the start, however it got there."""

import sys
import tomllib
from pathlib import Path

import pytest

from domain.errors import ErrorCode, UsageError
from lineproof.shadow import OURS, check_distributions, check_origins

ROOT = Path(__file__).parents[2]


def test_our_own_packages_are_accepted() -> None:
    check_origins()
    check_distributions()


def test_the_list_is_the_packages_that_are_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert list(OURS) == sorted(shipped)


def test_a_package_found_elsewhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        check_origins(tmp_path)
    assert caught.value.code is ErrorCode.SHADOWED_PACKAGE
    assert "analytics" in caught.value.message


def test_a_foreign_package_earlier_on_the_path_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "graph"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match="graph") as caught:
        check_origins()
    assert caught.value.context["package"] == "graph"


def test_a_distribution_installed_over_ours_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "foreign-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (metadata / "top_level.txt").write_text("schema\n")
    monkeypatch.syspath_prepend(tmp_path)
    check_distributions()
    with pytest.raises(UsageError, match="foreign") as caught:
        check_distributions(tmp_path.resolve())
    assert caught.value.code is ErrorCode.SHADOWED_PACKAGE
