"""Export, backup, restore and keys through the command line."""

import shutil
from pathlib import Path

import pytest

from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from tests.lineproof.test_ledger_watch import grow, key_of


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    grow(folder, "e", 20)
    return folder


def test_an_outsider_verifies_an_export(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = key_of(data, capsys)
    export = str(tmp_path / "public")
    assert main(["ledger", "export", export, "--data", str(data)]) == Exit.OK
    assert main(["ledger", "verify", export, "--key", key]) == Exit.OK
    assert main(["ledger", "export", export, "--data", str(data)]) == Exit.USAGE
    assert main(["ledger", "export", export + "2", "--data", str(tmp_path / "no")]) != Exit.OK


def test_a_backup_comes_back_unless_something_newer_was_seen(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, again = (str(tmp_path / name) for name in ("old.tar", "new.tar", "again"))
    assert main(["ledger", "backup", old, "--data", str(data)]) == Exit.OK
    grow(data, "more")
    assert main(["ledger", "backup", new, "--data", str(data)]) == Exit.OK
    prove = ["ledger", "prove", "24", "--project", "p", "--data"]
    assert main([*prove, str(data)]) == Exit.OK
    shutil.rmtree(data)
    assert main(["ledger", "restore", old, "--data", again]) == Exit.INTEGRITY
    assert "code: LEDGER_ROLLED_BACK" in capsys.readouterr().err
    assert not Path(again).exists()
    assert main(["ledger", "restore", new, "--data", again]) == Exit.OK
    assert main([*prove, again]) == Exit.OK


def test_keys_are_rotated_and_the_pinned_one_still_leads(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = key_of(data, capsys)
    before, after, proof = (tmp_path / name for name in ("before", "after", "proof"))
    shutil.copy(data / "ledger/static/checkpoint", before)
    assert main(["ledger", "prove", "0", "--project", "p", "--data", str(data)]) == Exit.OK
    assert main(["ledger", "keys", "rotate", "--data", str(data)]) == Exit.OK
    new = key_of(data, capsys)
    assert new != old
    assert main(["ledger", "keys", "list", "--data", str(data)]) == Exit.OK
    assert capsys.readouterr().out == f"0\t{old}\n21\t{new}\n"
    grow(data, "more")
    for key in (old, new):
        assert main(["ledger", "verify", str(data), "--key", key]) == Exit.OK
        state = str(tmp_path / f"state{key == old}")
        watch = ["ledger", "watch", str(data), "--once", "--key", key, "--state", state]
        assert main(watch) == Exit.OK
    assert main(["ledger", "prove", "0", "--project", "p", "--data", str(data)]) == Exit.OK
    shutil.copy(data / "ledger/static/checkpoint", after)
    capsys.readouterr()
    grown = ["ledger", "prove-consistency", str(before), str(after)]
    assert main([*grown, "--data", str(data)]) == Exit.OK
    proof.write_text(capsys.readouterr().out)
    check = [*grown, "--verify", str(proof), "--key", old]
    assert main(check) == Exit.INTEGRITY
    assert main([*check, "--keys", str(data / "ledger/ledger.toml")]) == Exit.OK
