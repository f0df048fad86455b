"""F7 from the command line: what opening refuses, ``lineproof ledger recover`` makes good."""

from pathlib import Path

import pytest

from ledger.entry import Receipt
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from tests.ledger.builders import draft, fill, open_log


def test_f7_a_lost_sequencer_is_rebuilt_by_the_command_that_the_refusal_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    log = open_log(data)
    fill(log, 5)
    log.close()
    recover = ["ledger", "recover", "--data", str(data)]
    assert main(recover) == Exit.USAGE
    assert "sequencer.db is whole" in capsys.readouterr().err
    (data / "ledger/sequencer.db").unlink()
    assert main(["ledger", "prove", "3", "--data", str(data)]) == Exit.INTEGRITY
    assert "lineproof ledger recover" in capsys.readouterr().err
    assert main(recover) == Exit.OK
    assert "5 published entries" in capsys.readouterr().out
    assert main(["ledger", "verify", str(data)]) == Exit.OK
    log = open_log(data)
    assert log.append([draft("e3")]) == [Receipt(3, repeated=True)]
    log.close()
