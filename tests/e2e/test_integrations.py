"""The GitHub Action and the GitLab template: valid for their hosts, and run from a shell.

The steps are run as the hosts run them (``bash -eo pipefail`` and ``sh -e``), with the sample
repository's training, the wheel as what they install, and a real server.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from junitparser import JUnitXml

from lineproof.cli.main import main
from tests.e2e.mlflow_server import RunningServer

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ACTION = ROOT / "integrations/github-action/action.yml"
TEMPLATE = ROOT / "integrations/gitlab/lineproof.gitlab-ci.yml"
COMMIT, MERGE_BASE = "c" * 40, "b" * 40
GITHUB = {
    "github.repository": "team/repo",
    "github.sha": "0" * 40,
    "github.event.pull_request.head.sha": COMMIT,
    "github.event.pull_request.number": "7",
    "github.server_url": "https://github.example",
    "github.run_id": "11",
}
GITLAB = {
    "CI_PROJECT_PATH": "team/repo",
    "CI_COMMIT_SHA": COMMIT,
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": MERGE_BASE,
    "CI_MERGE_REQUEST_IID": "7",
    "CI_JOB_URL": "https://gitlab.example/team/repo/-/jobs/11",
}
RECORDED = {
    "repository": "team/repo",
    "commit": COMMIT,
    "merge_base": MERGE_BASE,
    "pull_request": "7",
}


class Host(NamedTuple):
    """What a host's machine has: a wheel to install, and where its dependencies stand already."""

    wheel: Path
    dependencies: Path


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """The wheel, and every installed library but this repository's own packages and pip."""
    out, libraries = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("libraries")
    subprocess.run(
        [BIN / "uv", "build", "--quiet", "--wheel", "--out-dir", out], cwd=ROOT, check=True
    )
    for place in sorted(Path(sysconfig.get_path("purelib")).iterdir()):
        if not re.match(r"_?(editable|lineproof|pip\b)", place.name):
            (libraries / place.name).symlink_to(place)
    return Host(next(out.glob("*.whl")), libraries)


@pytest.fixture(scope="module")
def trained(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Runs of the sample repository, as sets for ``--candidate``: a release, a good one, a bad."""
    repository = tmp_path_factory.mktemp("sample") / "repository"
    shutil.copytree(ROOT / "examples/ci", repository)
    runs: dict[str, str] = {}
    for name, data in (("release", "v1"), ("good", "v1"), ("bad", "v2-damaged")):
        (repository / "data.txt").write_text(data)
        done = subprocess.run(
            [sys.executable, repository / "train.py"],
            env={**os.environ, "MLFLOW_TRACKING_URI": server.url},
            capture_output=True,
            text=True,
            check=True,
        )
        runs[name] = next(line for line in done.stdout.splitlines() if "," in line)
    policy = repository / "lineproof.yaml"
    pinned = f"{{pinned: {json.dumps(runs['release'].split(','))}}}"
    policy.write_text(policy.read_text().replace("{last_passing: {}}", pinned))
    assert main(["policy", "apply", str(policy), f"--url={server.url}"]) == 0
    return runs


def _schema(name: str, *argv: object) -> "subprocess.CompletedProcess[str]":
    command = [BIN / "check-jsonschema", "--builtin-schema", f"vendor.{name}", *argv]
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("schema", "more", "path"),
    [
        ("github-actions", (), ACTION),
        ("github-workflows", (), ROOT / "examples/ci/github-workflow.yml"),
        ("gitlab-ci", ("--data-transform", "gitlab-ci"), TEMPLATE),
        ("gitlab-ci", ("--data-transform", "gitlab-ci"), ROOT / "examples/ci/gitlab-ci.yml"),
    ],
)
def test_files_for_hosts_are_valid_by_the_hosts_schemas(
    schema: str, more: tuple[str, ...], path: Path, tmp_path: Path
) -> None:
    valid = _schema(schema, *more, path)
    assert valid.returncode == 0, valid.stdout
    broken = tmp_path / path.name
    broken.write_text(re.sub(r"\b(runs|jobs|script|include):", r"\1: 7 #", path.read_text()))
    assert _schema(schema, *more, broken).returncode != 0
    assert f"{schema} " in (ROOT / "Makefile").read_text()


def test_the_sample_workflow_gives_only_what_the_action_takes() -> None:
    workflow = yaml.safe_load((ROOT / "examples/ci/github-workflow.yml").read_text())
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]
    given = workflow["jobs"]["gate"]["steps"][-1]["with"]
    assert set(given) <= set(inputs)
    assert {name for name, one in inputs.items() if one.get("required")} <= set(given)


def _evaluated(text: object, context: Mapping[str, str]) -> str:
    """What the host makes of ``${{ a || b }}``."""

    def value(match: "re.Match[str]") -> str:
        names = [name.strip() for name in match[1].split("||")]
        return next((context[name] for name in names if context.get(name)), "")

    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))


def _action(host: Host, folder: Path, inputs: Mapping[str, str]) -> tuple[int, str, str]:
    """The Action's steps: exit code, step summary, outputs."""
    action = yaml.safe_load(ACTION.read_text())
    defaults = {name: one.get("default", "") for name, one in action["inputs"].items()}
    context = GITHUB | {f"inputs.{name}": value for name, value in {**defaults, **inputs}.items()}
    summary, output = folder / "summary.md", folder / "output"
    code = 0
    for step in action["runs"]["steps"]:
        assert step["shell"] == "bash"
        environment = {
            name: _evaluated(value, context) for name, value in step.get("env", {}).items()
        }
        script = folder / "step.sh"
        script.write_text(_evaluated(step["run"], context))
        places = {"GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": output, "RUNNER_TEMP": folder}
        code = _shell(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            host,
            folder,
            environment | {name: str(place) for name, place in places.items()},
        )
        if code:
            break
    return code, summary.read_text(), output.read_text()


def _shell(argv: list[str], host: Host, folder: Path, environment: Mapping[str, str]) -> int:
    inherited = {
        name: value for name, value in os.environ.items() if not re.match("LINEPROOF|PIP", name)
    }
    done = subprocess.run(
        argv,
        env={
            **inherited,
            "PATH": f"{BIN}:{inherited['PATH']}",
            "PYTHONPATH": str(host.dependencies),
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "LINEPROOF_STATE": str(folder / "state"),
            **environment,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    print(done.stdout, done.stderr)
    return done.returncode


@pytest.mark.parametrize(
    ("runs", "code", "word"),
    [("good", 0, "PASS"), ("bad", 1, "FAIL"), ("nobody", 3, "")],
)
def test_the_action_runs_and_its_step_fails_unless_the_runs_may_ship(
    host: Host,
    server: RunningServer,
    trained: dict[str, str],
    tmp_path: Path,
    runs: str,
    code: int,
    word: str,
) -> None:
    inputs = {
        "url": server.url,
        "policy": "release",
        "candidate": trained.get(runs, runs),
        "merge-base": MERGE_BASE,
        "version": str(host.wheel),
    }
    exit_code, summary, output = _action(host, tmp_path, inputs)
    assert exit_code == code
    assert output == f"exit-code={code}\n"
    assert word in summary
    if word:
        assert summary.startswith("<!-- lineproof:gate/release/7 -->")
        assert _asked(server) == {
            **RECORDED,
            "url": "https://github.example/team/repo/actions/runs/11",
        }


@pytest.mark.parametrize(("runs", "code", "failed"), [("good", 0, 0), ("bad", 1, 1)])
def test_the_gitlab_job_runs_and_leaves_its_report(
    host: Host,
    server: RunningServer,
    trained: dict[str, str],
    tmp_path: Path,
    runs: str,
    code: int,
    failed: int,
) -> None:
    job = yaml.safe_load(TEMPLATE.read_text())["lineproof-gate"]
    asked = {
        "LINEPROOF_URL": server.url,
        "LINEPROOF_POLICY": "release",
        "LINEPROOF_CANDIDATE": trained[runs],
        "LINEPROOF_VERSION": str(host.wheel),
    }
    script = "\n".join(job["script"])
    environment = {**job["variables"], **GITLAB, **asked}
    assert _shell(["sh", "-e", "-c", script], host, tmp_path, environment) == code
    report = JUnitXml.fromfile(str(tmp_path / job["artifacts"]["reports"]["junit"]))
    assert (report.tests, report.failures, report.errors) == (2, failed, 0)
    assert _asked(server) == {**RECORDED, "url": GITLAB["CI_JOB_URL"]}


def _asked(server: RunningServer) -> Any:
    """What the latest verdict says of where its question came from."""
    log = server.services.log
    entries = [e for e in log.read(0, log.head().size) if e.type == "verdict.recorded"]
    return json.loads(entries[-1].data)["payload"]["statement"]["request"]["ci"]
