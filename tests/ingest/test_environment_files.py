"""Which packages a file lists."""

import json

import pytest

from domain.packages import parse_packages
from ingest.environment_files import environment_use, is_environment_file

CONDA = """\
name: mlflow-env
channels: [conda-forge]
dependencies:
- python=3.11.4
- conda-forge::numpy=1.26.4=py311h64a7726_0
- pip<=23.2
- pip:
  - mlflow==3.17.2
  - scikit-learn==1.7
"""
UV = """\
version = 1
[[package]]
name = "NumPy"
version = "2.0.1"
[[package]]
name = "local"
"""


@pytest.mark.parametrize(
    ("path", "text", "packages", "strength"),
    [
        (
            "model/requirements.txt",
            "mlflow==3.17.2\nscikit_learn==1.7\n",
            {"mlflow": "3.17.2", "scikit-learn": "1.7"},
            "SAMPLED",
        ),
        ("requirements.txt", "numpy>=1.20,<3\n", {"numpy": ">=1.20,<3"}, "NAMED"),
        ("pip-freeze.txt", "numpy==1.26.4\n", {"numpy": "1.26.4"}, "MANIFEST"),
        (
            "model/conda.yaml",
            CONDA,
            {
                "python": "3.11.4",
                "numpy": "1.26.4",
                "pip": "<=23.2",
                "mlflow": "3.17.2",
                "scikit-learn": "1.7",
            },
            "NAMED",
        ),
        ("model/python_env.yaml", "python: 3.11.4\n", {"python": "3.11.4"}, "SAMPLED"),
        ("uv.lock", UV, {"numpy": "2.0.1"}, "MANIFEST"),
    ],
)
def test_packages_of_a_file(path: str, text: str, packages: dict[str, str], strength: str) -> None:
    use = environment_use(path, text)
    assert use is not None
    assert json.loads(use["artifact"].get("attributes", {})["packages"]) == packages
    assert use["artifact"]["strength"] == strength
    assert (use["facet"], use["artifact"]["name"]) == ("ENVIRONMENT", path.rpartition("/")[2])


def test_another_order_and_other_comments_are_the_same_environment() -> None:
    one = environment_use("requirements.txt", "numpy==1\nscipy==2\n")
    two = environment_use("requirements.txt", "# ours\nSciPy == 2  # pinned\nnumpy==1\n\n")
    assert one is not None
    assert two is not None
    assert one["artifact"]["digest"] == two["artifact"]["digest"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements.txt", ""),
        ("requirements.txt", "this is no list\nof packages\n"),
        ("conda.yaml", "dependencies: !!python/object:os.system [x]"),
        ("conda.yaml", "- a"),
        ("uv.lock", "= broken"),
        ("uv.lock", "package = 1"),
        ("requirements.txt", "x" * 2_000_000),
    ],
)
def test_what_lists_no_package_is_no_environment(path: str, text: str) -> None:
    assert environment_use(path, text) is None


@pytest.mark.parametrize("name", ["notes.txt", "model.yaml", "requirements.txt.bak", "lock"])
def test_other_files_are_not_read(name: str) -> None:
    assert not is_environment_file(f"a/{name}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("torch @ https://x/y.whl\n\n", {"torch": "https://x/y.whl"}),
        ("a[b,c]==1.0 ; python_version < '4'\n\n", {"a": "1.0"}),
        ("-r other.txt\n--hash=x\na==1 --hash=sha256:aa\n", {"a": "1"}),
        ("a==1.*\n\n", {"a": "==1.*"}),
        ("one word\n\n", {}),
        ("lock-1", {}),
        ("python==3.11 numpy==1", {"numpy": "1", "python": "3.11"}),
    ],
)
def test_lists_of_packages(text: str, found: dict[str, str]) -> None:
    assert parse_packages(text) == found
