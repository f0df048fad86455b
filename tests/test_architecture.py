"""The repository lints itself: packages, sizes, names, docstrings."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 400
BANNED_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def tracked(*patterns: str) -> list[Path]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in sorted(set(listed)) if (ROOT / name).is_file()]


def product_files() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in PACKAGES]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_list_of_packages_is_the_same_everywhere() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {
        "tests",
        "benchmarks",
        "examples",
    }
    shadow = (ROOT / "lineproof" / "shadow.py").read_text()
    ours = re.search(r"OURS[^=]*= \(([^)]*)\)", shadow)
    assert ours is not None
    assert folders == set(PACKAGES)
    assert folders == set(SETTINGS["tool"]["importlinter"]["root_packages"])
    assert folders == set(SETTINGS["tool"]["pyright"]["include"])
    assert folders == set(SETTINGS["tool"]["mypy"]["packages"])
    assert folders == set(re.findall(r'"(\w+)"', ours.group(1)))


@pytest.mark.parametrize("path", product_files(), ids=relative)
def test_a_product_file_is_short_and_says_what_it_holds(path: Path) -> None:
    source = path.read_text()
    tree = ast.parse(source)
    assert len(source.splitlines()) <= MAX_FILE_LINES
    assert ast.get_docstring(tree), "a module says what it holds"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", product_files(), ids=relative)
def test_public_classes_and_functions_have_docstrings(path: Path) -> None:
    missing = [
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert missing == []


def test_no_file_is_named_after_nothing() -> None:
    words = {
        relative(path): BANNED_WORDS & set(re.split(r"[_/.]", relative(path)))
        for path in tracked("*.py")
    }
    assert {name: found for name, found in words.items() if found} == {}


def test_nothing_reads_as_unfinished() -> None:
    marks = re.compile(
        "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error"])
    )
    found = [relative(path) for path in tracked("*.py") if marks.search(path.read_text())]
    assert found == []


def test_every_module_is_imported_by_another_or_is_an_entry_point() -> None:
    """Dead files: nobody imports them, in the product or in the tests' subject."""
    imported = set()
    for path in product_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module)
                imported |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in product_files()
        if path.name not in ("__init__.py", "__main__.py")
    }
    commands = {name for name in modules if name.startswith("lineproof.cli.")}
    for_others = {"graph.memory", "telemetry.probe"}  # The tests' store, the benchmarks' probe.
    assert sorted(modules - imported - commands - for_others) == []


def test_documents_name_no_machine() -> None:
    """Paths of somebody's machine and hosts of registries have no place in a document."""
    banned = re.compile(r"/(?:work|root|home)/\w|pypi\.org|registry\.npmjs|repo1\.maven")
    texts = [
        path for path in tracked("*.md", "*.py", "*.yml", "Makefile") if path != Path(__file__)
    ]
    assert [relative(path) for path in texts if banned.search(path.read_text())] == []
