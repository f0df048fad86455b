"""What a DVC project's lock file, cache and history say is in its files."""

import json
import subprocess
from pathlib import Path

from ingest.files.dvc import read_dvc

FOLDER = "ab" + "0" * 30 + ".dir"
LOCK = f"""
schema: '2.0'
stages:
  train:
    deps:
    - {{path: data/images, md5: {FOLDER}, nfiles: 2, size: 90}}
    - {{path: requirements.txt, md5: ff}}
"""


def git(folder: Path, *words: str) -> None:
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True)


def test_manifests_counts_and_packages(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", ".")
    (tmp_path / "dvc.lock").write_text(LOCK)
    (tmp_path / "requirements.txt").write_text("numpy==2.0\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    cache = tmp_path / ".dvc" / "cache" / "files" / "md5" / FOLDER[:2]
    cache.mkdir(parents=True)
    rows = [{"md5": "2", "relpath": "b.png"}, {"md5": "1", "relpath": "a.png"}]
    (cache / FOLDER[2:]).write_text(json.dumps(rows))

    (run,) = [item for item in read_dvc(tmp_path, "shop") if isinstance(item, dict)]

    assert run["kind"] == "run"
    found = {use["artifact"]["name"]: use for use in run["uses"]}
    images = found["data/images"]["artifact"].get("attributes", {})
    assert (images["files"], images["bytes"]) == ("2", "90")
    assert [row["relpath"] for row in json.loads(images["manifest"])] == ["a.png", "b.png"]
    environment = found["requirements.txt"]
    assert environment["facet"] == "ENVIRONMENT"
    packages = environment["artifact"].get("attributes", {})["packages"]
    assert json.loads(packages) == {"numpy": "2.0"}


def test_a_manifest_that_is_none_leaves_the_counts(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", ".")
    (tmp_path / "dvc.lock").write_text(LOCK)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    cache = tmp_path / ".dvc" / "cache" / FOLDER[:2]
    cache.mkdir(parents=True)
    (cache / FOLDER[2:]).write_text("{broken")
    (run,) = [item for item in read_dvc(tmp_path, "shop") if isinstance(item, dict)]
    assert run["kind"] == "run"
    images = next(use for use in run["uses"] if use["artifact"]["name"] == "data/images")
    assert images["artifact"].get("attributes", {}) == {"files": "2", "bytes": "90"}
