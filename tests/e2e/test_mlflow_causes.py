"""What MLflow's own client logs, down to the packages and the examples, in a comparison's words."""

from pathlib import Path

import mlflow
import pytest

from lineproof.cli.main import main
from tests.e2e.mlflow_server import running_server

POLICY = """\
version: 1
metrics:
  accuracy: {direction: higher}
policies:
  release:
    min_comparability: unknown
    rules:
      - {id: acc, metric: accuracy, margin: {abs: "0.05"}, min_samples: 1, pair_by: examples}
"""


def logged(numpy: str, right: int) -> str:
    """One run with its requirements and its results example by example."""
    with mlflow.start_run() as run:
        rows = "".join(f"e{index},{int(index < right)}\n" for index in range(200))
        mlflow.log_text("id,accuracy\n" + rows, "lineproof/examples.csv")
        mlflow.log_text(f"numpy=={numpy}\nscipy==1.11\n", "model/requirements.txt")
        mlflow.log_metric("accuracy", right / 200)
    run_id: str = run.info.run_id
    return run_id


def test_packages_and_examples_from_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_server(tmp_path / "data") as server:
        monkeypatch.setenv("LINEPROOF_URL", server.url)
        mlflow.set_tracking_uri(server.url)
        mlflow.set_experiment("packages")
        before, after = logged("1.26.4", 180), logged("2.0.1", 150)
        (tmp_path / "lineproof.yaml").write_text(POLICY)
        assert main(["policy", "apply", str(tmp_path / "lineproof.yaml")]) == 0
        capsys.readouterr()

        assert main(["compare", before, after]) == 0
        compared = capsys.readouterr().out
        assert "environment numpy 1.26.4 → 2.0.1" in compared
        assert "scipy" not in compared

        assert main(["compare", before, after, "--policy", "release"]) == 0
        assert "FAIL" in capsys.readouterr().out
        asked = ["gate", "--policy", "release", "--candidate", after, "--baseline", before]
        assert main(asked) == 1
        assert "environment numpy 1.26.4 → 2.0.1" in capsys.readouterr().out
