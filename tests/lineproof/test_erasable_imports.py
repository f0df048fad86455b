"""Imported runs that can be erased: sealed as they come, and gone for ever when erased."""

from pathlib import Path

import pytest

from graph.model import Node, NodeKind
from graph.port import NodeQuery
from ledger.verify import verify_folder
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import POLICY

ALICE = "alice@example.com"
SECRET = "heart-rate-of-alice"


def mlflow_folder(root: Path, *, erasable: bool = True) -> list[str]:
    """An experiment with one run, as MLflow's file store keeps it; how it is imported."""
    run = root / "mlruns/1/0a1b2c"
    for folder in ("metrics", "params", "tags"):
        (run / folder).mkdir(parents=True, exist_ok=True)
    (root / "mlruns/1/meta.yaml").write_text("experiment_id: '1'\nname: digits\n")
    (run / "meta.yaml").write_text(
        f"run_id: 0a1b2c\nrun_name: {SECRET}\nuser_id: {SECRET}\nstatus: 3\nstart_time: 1\n"
    )
    (run / "metrics/loss").write_text("1 0.5 0\n2 0.4711 1\n")
    (run / "params/who").write_text(SECRET)
    (run / "tags/note").write_text(SECRET)
    (run / "tags/mlflow.source.name").write_text(SECRET)
    if erasable:
        (run / "tags/lineproof.erasable").write_text(ALICE)
    return ["import", "mlflow", str(root / "mlruns")]


def table(root: Path, good: float = 0.95) -> list[str]:
    """Five runs of a table of metrics; how it is imported."""
    rows = [f"{SECRET}-{n},accuracy,{good + n / 10_000}" for n in range(5)]
    (root / "trials.csv").write_text("trial,key,value\n" + "\n".join(rows) + "\n")
    place = ["--map", "run=trial", "--experiment", "trials", "--erasable", ALICE]
    return ["import", "metrics", str(root / "trials.csv"), *place]


def runs(data: Path) -> list[Node]:
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    services.catch_up()
    found = services.graph.find(NodeQuery("default", NodeKind.RUN))
    services.close()
    return list(found)


def everything(data: Path) -> bytes:
    return b"\n".join(p.read_bytes() for p in sorted(data.rglob("*")) if p.is_file())


@pytest.mark.parametrize("kind", ["mlflow", "metrics"])
def test_what_an_import_says_is_sealed_and_can_be_erased(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    data = tmp_path / "data"
    command = mlflow_folder(tmp_path) if kind == "mlflow" else table(tmp_path)
    command += ["--data", str(data)]
    assert main(command) == Exit.OK
    assert main(command) == Exit.OK
    assert "0 entries added" in capsys.readouterr().out
    assert any(SECRET in str(run.attributes) for run in runs(data))
    stored = everything(data / "ledger") + everything(data / "blobs")
    for word in (ALICE, SECRET, "0.4711"):
        assert word.encode() not in stored, word

    assert main(["erase", ALICE, "--data", str(data)]) == Exit.OK
    assert verify_folder(data).ok
    assert not any(
        name.startswith(("tags.", "params.")) for run in runs(data) for name in run.attributes
    )
    assert main(command) == Exit.USAGE
    assert "erased" in capsys.readouterr().err


def test_a_run_that_stands_in_the_clear_cannot_become_erasable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(tmp_path / "data")]
    assert main([*mlflow_folder(tmp_path, erasable=False), *where]) == Exit.OK
    assert main([*mlflow_folder(tmp_path), *where]) == Exit.USAGE
    assert "can be set only when a run is created" in capsys.readouterr().err


def test_an_erased_subject_keeps_only_its_own_runs_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(tmp_path / "data")]
    assert main([*table(tmp_path), *where]) == Exit.OK
    assert main(["erase", ALICE, *where]) == Exit.OK
    two = mlflow_folder(tmp_path)
    other = tmp_path / "mlruns/1/0f0f0f"
    (other / "tags").mkdir(parents=True)
    (other / "meta.yaml").write_text("run_id: 0f0f0f\nstatus: 3\nstart_time: 1\n")
    assert main([*two, *where]) == Exit.USAGE
    assert "This subject was erased" in capsys.readouterr().err
    assert "run-0f0f0f" in [run.attributes["name"] for run in runs(tmp_path / "data")]


def test_a_replay_that_needs_what_was_erased_is_inconclusive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(tmp_path / "data")]
    (tmp_path / "lineproof.yaml").write_text(POLICY)
    assert main([*table(tmp_path), *where]) == Exit.OK
    (tmp_path / "b").mkdir()
    bob = [ALICE, "bob"]
    baseline = [bob[1] if word == bob[0] else word for word in table(tmp_path / "b", 0.9)]
    text = (tmp_path / "b/trials.csv").read_text().replace(SECRET, "base")
    (tmp_path / "b/trials.csv").write_text(text)
    assert main([*baseline, *where]) == Exit.OK
    ids = {"old": list[str](), "new": list[str]()}
    for run in runs(tmp_path / "data"):
        side = "old" if str(run.attributes["name"]).startswith("base") else "new"
        ids[side].append(run.id.partition(":")[2])
    assert main(["policy", "apply", str(tmp_path / "lineproof.yaml"), *where]) == Exit.OK
    sides = ["--candidate", ",".join(ids["new"]), "--baseline", ",".join(ids["old"])]
    gate = ["gate", "--policy", "release", *sides, *where]
    assert main(gate) == Exit.OK
    assert main(["replay", "verdict", "--all", *where]) == Exit.OK
    assert main(["erase", ALICE, *where]) == Exit.OK
    capsys.readouterr()
    assert main(["replay", "verdict", "--all", *where]) == Exit.CANNOT_JUDGE
    assert "INCONCLUSIVE (erased)" in capsys.readouterr().err
    assert main(gate) != Exit.OK
