"""The sample repository's pipeline: a real shell, the real command line, a real server."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STEPS = {
    "gate without a baseline": 3,
    "gate a first release": 0,
    "gate on damaged data": 1,
    "waiver with one signature": 2,
    "gate with the waiver": 0,
    "gate under quarantine": 1,
    "alias on the damaged model": 1,
    "heal plan": 0,
    "heal from data that are not fixed": 1,
    "heal": 0,
    "alias on the healed model": 0,
    "gate on fixed data": 0,
    "verify offline": 0,
    "another commit": 4,
    "audit offline": 0,
}


def test_the_pipeline_trains_gates_waives_quarantines_and_heals(
    tmp_path: Path, shared_graph: str
) -> None:
    inherited = {name: value for name, value in os.environ.items() if "LINEPROOF" not in name}
    environment = {**inherited, "PYTHONPATH": str(ROOT), "LINEPROOF_HOME": str(tmp_path / "home")}
    lineproof = [sys.executable, "-m", "lineproof"]
    data = tmp_path / "data"
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [*lineproof, "serve", "--port=0", "--data", str(data), "--graph", shared_graph],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
    assert server.stdout is not None
    try:
        url = server.stdout.readline().split()[-1]
        key = subprocess.run(
            [*lineproof, "ledger", "key", "--data", str(data)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        done = subprocess.run(
            ["sh", str(ROOT / "examples/ci/pipeline.sh")],
            env={
                **environment,
                "LINEPROOF_URL": url,
                "KEY": key,
                "WORK": str(tmp_path),
                "PYTHON": sys.executable,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    finally:
        server.send_signal(signal.SIGTERM)
        server.stdout.close()
        server.wait(timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    for step, code in STEPS.items():
        assert f"{step}: exit {code}:" in done.stdout, done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.endswith("The pipeline is done.\n")
    healed = (tmp_path / "healed").read_text().splitlines()
    stages = [line.split()[-1] for line in healed if line.startswith("run  ")]
    assert stages == ["train", "blend"]
    clear = [line for line in healed if line.startswith("clear  ")]
    assert sorted(Path(line.split()[-1]).name for line in clear) == ["blend.py", *["train.py"] * 5]
