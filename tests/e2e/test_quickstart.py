"""The quickstart, as a user runs it: every planted change is named, proved and replayed."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_quickstart_names_every_planted_cause_and_proves_it(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "quickstart"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout
    assert done.returncode == 0, printed + done.stderr
    table = dict(re.findall(r"^  (\w+) +\d +([A-Z_]+ .*)$", printed, re.MULTILINE))
    assert re.match(r"PASS .*training code \w{7} → \w{7}", table["refactor"])
    assert re.match(r"INCONCLUSIVE .*param alpha 0.002 → 0.0035", table["alpha"])
    data = r"FAIL .*training data digits-train v2 \(\d+ → \d+ rows\)  SOLE"
    assert re.match(data, table["damaged"])
    assert re.match(r"FAIL .*CONFOUNDED\(2\)", table["both"])
    assert re.match(r"NOT_COMPARABLE .*evaluation data digits-test v2", table["newtest"])
    assert re.search(r"about \d+ runs a side would settle it", printed)
    assert "5 of 5 verdicts came out byte for byte." in printed
    assert "lineproof ledger verify exits 4" in printed
