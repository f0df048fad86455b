"""Healing: which jobs run again, in which order, and which stage of a dvc.yaml is a job's."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import UsageError
from domain.run import RUN_STARTED
from governance.closure import descent_of, find_root
from governance.heal import heal_stages
from graph.model import EdgeType, entity_id
from lineproof.cli.heal import Stage, read_stages, stage_of
from tests.governance.world import World, training_set

STAGES = [
    Stage("train", ("python train.py",), ("src/train.py", "data")),
    Stage("blend", ("python blend.py",), ("blend.py",)),
    Stage("copy", ("cp a b",), ("blend.py",)),
    Stage("templates", ("python ${script}",), ("t.py",)),
    Stage("silent", (), ("s.py",)),
    Stage("once", ("python twice.py 1",), ()),
    Stage("again", ("python twice.py 2",), ()),
]


def _run(world: World, run_id: str, job: str, uses: list[dict[str, Any]]) -> None:
    payload = {
        "run_id": run_id,
        "experiment_id": "1",
        "name": run_id,
        "user": "",
        "start_time": 0,
        "tags": {},
        "uses": uses,
        "parent_run_id": "",
        "job": job,
    }
    world.append(RUN_STARTED, payload)


def _model(name: str, digest: str) -> dict[str, Any]:
    artifact = {
        "kind": "MODEL",
        "name": name,
        "digest": digest,
        "algorithm": "sha256",
        "strength": "CONTENT",
    }
    return {"role": "model", "facet": "BASE_MODEL", "artifact": artifact}


def test_affected_jobs_run_once_after_those_that_make_what_they_use(world: World) -> None:
    for number in range(3):
        _run(world, f"t{number}", "z/train.py", [training_set("dirty")])
        world.produce(f"t{number}", f"m{number}", f"{number}" * 64)
    _run(world, "b", "a/blend.py", [_model(f"m{n}", f"{n}" * 64) for n in range(3)])
    world.produce("b", "blend", "b" * 64)
    _run(world, "p", "publish", [_model("blend", "b" * 64)])
    _run(world, "clean", "other.py", [training_set("clean")])
    size = world.catch_up()
    root = find_root(world.graph, "default", "digits-train@dirty", as_of=size)
    descent = descent_of(world.graph, root, as_of=size)
    runs = [node.id for node in descent.nodes]
    edges = world.graph.outgoing(runs, types=[EdgeType.EXECUTION_OF])
    jobs = {run: found[0].target for run, found in edges.items() if found}
    order = [entity_id(task.id) for task in heal_stages(descent, jobs).tasks]
    assert order == ["default/z/train.py", "default/a/blend.py", "default/publish"]
    del jobs["run:b"]
    assert len(heal_stages(descent, jobs).tasks) == 2


@pytest.mark.parametrize(
    ("job", "stage"),
    [
        ("train", "train"),
        ("/a/b/train.py", "train"),
        ("blend.py", "blend"),
        ("copy", "copy"),
        ("dag.train", None),
    ],
)
def test_a_job_is_the_stage_of_its_name_or_script(job: str, stage: str | None) -> None:
    if stage is None:
        with pytest.raises(UsageError, match="none"):
            stage_of(job, STAGES)
    else:
        assert stage_of(job, STAGES).name == stage


@pytest.mark.parametrize("job", ["twice.py", "t.py", "s.py", ""])
def test_what_is_not_clear_is_not_run(job: str) -> None:
    with pytest.raises(UsageError):
        stage_of(job, STAGES)


@pytest.mark.parametrize("text", ["", "stages: 3", "a: &x {}\nb: *x", "stages: !!python/name:os"])
def test_what_is_no_dvc_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dvc.yaml"
    file.write_text(text)
    with pytest.raises(UsageError):
        read_stages(file)


def test_stages_are_read_as_dvc_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "dvc.yaml"
    file.write_text("stages:\n  a:\n    cmd: [one, two]\n    deps: [x.py]\n  b: {foreach: [1]}\n")
    assert read_stages(file) == [Stage("a", ("one", "two"), ("x.py",)), Stage("b", (), ())]
