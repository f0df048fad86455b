"""A pull request cannot change the policy that judges it: what is declared decides (row 37)."""

from pathlib import Path

import pytest

from lineproof import policies
from lineproof.cli.main import main
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs


def test_the_declared_policy_decides_and_both_digests_are_shown_row_37(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(services.log)
    declared = policies.declare(services, POLICY, project="default", source="test")
    services.close()
    edited = tmp_path / "lineproof.yaml"
    edited.write_text(POLICY.replace("0.005", "0.5"))
    sides = [f"--candidate={','.join(WORSE)}", f"--baseline={','.join(GOOD)}"]
    where = ["--data", str(data)]
    capsys.readouterr()
    assert main(["policy", "test", str(edited), "--policy=release", *sides, *where]) == 0
    assert main(["gate", "--policy=release", *sides, *where]) == 1
    listed = declared["policies"]
    assert isinstance(listed, list)
    assert isinstance(listed[0], dict)
    assert str(listed[0]["digest"]) in capsys.readouterr().out
    assert main(["policy", "diff", str(edited), *where]) == 0
    shown = capsys.readouterr().out
    assert 'rules.accuracy.margin.abs: "0.005" -> "0.5"' in shown
    assert str(listed[0]["digest"]) in shown
