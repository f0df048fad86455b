"""Auditing from outside through the command line: verify, prove growth, watch, remember."""

import os
import shutil
from pathlib import Path

import pytest

from domain.errors import BackendError, ErrorCode, IntegrityError
from ledger.entry import Draft
from ledger.signing import Signer, parse_signer
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.cli.memory import check_server
from lineproof.settings import settings_from
from tests.ledger.builders import open_log
from tests.ledger.static_server import web_server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    grow(folder, "e", 300)
    return folder


def grow(data: Path, prefix: str, count: int = 5) -> None:
    """Entries that no projection looks at."""
    log = open_log(data)
    log.append(
        [Draft("test.noted", "p", "tester", "test", f"{prefix}{i}", {}) for i in range(count)]
    )
    log.close()


def key_of(data: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["ledger", "key", "--data", str(data)]) == Exit.OK
    return capsys.readouterr().out.strip()


def test_a_ledger_verifies_over_http_entry_by_entry(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = key_of(data, capsys)
    static = data / "ledger/static"
    with web_server(static) as url:
        assert main(["ledger", "verify", url, "--key", key]) == Exit.OK
        assert "Verified 300 entries" in capsys.readouterr().out
        bundle = static / "tile/entries/001.p/44"
        changed = bytearray(bundle.read_bytes())
        changed[-1] ^= 1
        bundle.write_bytes(changed)
        assert main(["ledger", "verify", url, "--key", key]) == Exit.INTEGRITY
        assert "fault: entry 299" in capsys.readouterr().err
        assert main(["ledger", "verify", url]) == Exit.USAGE
    assert main(["ledger", "verify", url, "--key", key]) == Exit.UNREACHABLE


def test_a_server_with_redirects_or_without_a_log_is_no_ledger(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = key_of(data, capsys)
    (tmp_path / "empty" / "checkpoint").mkdir(parents=True)
    with web_server(tmp_path / "empty") as url:
        # SimpleHTTPRequestHandler redirects a folder's name to the name with a slash.
        assert main(["ledger", "verify", url, "--key", key]) == Exit.UNREACHABLE
        assert "redirect" in capsys.readouterr().err
    (tmp_path / "nothing").mkdir()
    with web_server(tmp_path / "nothing") as url:
        assert main(["ledger", "verify", url, "--key", key]) == Exit.INTEGRITY


def test_watch_sees_growth_rollback_and_fork(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = key_of(data, capsys)
    watch = ["ledger", "watch", str(data), "--key", key, "--once", "--state", str(tmp_path / "s")]
    assert main(watch) == Exit.OK
    assert "300 entries, seen for the first time" in capsys.readouterr().out
    twin, older = tmp_path / "twin", tmp_path / "older"
    shutil.copytree(data, twin)
    shutil.copytree(data, older)
    grow(data, "mine")
    assert main(watch) == Exit.OK
    assert "305 entries, extends the 300 remembered" in capsys.readouterr().out
    for folder, code in ((older, "LEDGER_ROLLED_BACK"), (twin, "LEDGER_FORKED")):
        if folder is twin:
            grow(twin, "theirs", 7)
        watch[2] = str(folder)
        assert main(watch) == Exit.INTEGRITY
        printed = capsys.readouterr().err
        assert f"code: {code}" in printed
        assert "are kept" in printed
    assert len(list(tmp_path.glob("s.refused-*"))) == 2


def test_watch_needs_a_key_and_refuses_another(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = tmp_path / "stranger"
    open_log(stranger).close()
    wrong = key_of(stranger, capsys)
    assert main(["ledger", "watch", str(data), "--once"]) == Exit.USAGE
    assert main(["ledger", "watch", str(data), "--once", "--key", wrong]) == Exit.INTEGRITY
    assert main(["ledger", "watch", str(data), "--key", wrong, "--interval", "0"]) == Exit.USAGE


def test_growth_is_proven_and_checked_offline(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = key_of(data, capsys)
    old, new, proof = (tmp_path / name for name in ("old", "new", "proof"))
    shutil.copy(data / "ledger/static/checkpoint", old)
    grow(data, "more", 50)
    shutil.copy(data / "ledger/static/checkpoint", new)
    capsys.readouterr()
    assert main(["ledger", "prove-consistency", str(old), "350", "--data", str(data)]) == Exit.OK
    proof.write_text(capsys.readouterr().out)
    check = ["ledger", "prove-consistency", str(old), str(new), "--verify", str(proof)]
    assert main([*check, "--key", key]) == Exit.OK
    assert "350 entries extends the one with 300" in capsys.readouterr().out
    assert main(check) == Exit.USAGE
    good = proof.read_text()
    for bad in (good.replace("old 300", "old 299"), good[:-1], good.replace("old", "olt"), ""):
        proof.write_text(bad)
        assert main([*check, "--key", key]) == Exit.INTEGRITY, bad
    assert main(["ledger", "prove-consistency", "1", "351", "--data", str(data)]) == Exit.USAGE
    assert main(["ledger", "prove-consistency", "9", "1", "--data", str(data)]) == Exit.USAGE


def test_commands_on_a_folder_remember_it(
    data: Path, remembered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(data, tmp_path / "older")
    prove = ["ledger", "prove", "0", "--project", "p", "--data", str(data)]
    assert main(prove) == Exit.OK
    grow(data, "more")
    assert main(prove) == Exit.OK
    assert len(list(remembered.glob("*.checkpoint"))) == 1
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "older", data)
    capsys.readouterr()
    assert main(prove) == Exit.INTEGRITY
    assert "code: LEDGER_ROLLED_BACK" in capsys.readouterr().err


def test_an_unwritable_memory_is_said_and_can_be_turned_off(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("")
    prove = ["ledger", "prove", "0", "--project", "p", "--data", str(data)]
    monkeypatch.setenv("LINEPROOF_STATE", str(tmp_path / "file"))
    assert main(prove) == Exit.USAGE
    assert "LINEPROOF_STATE" in capsys.readouterr().err
    monkeypatch.setenv("LINEPROOF_STATE", "")
    assert main(prove) == Exit.OK


def ask(url: str, **more: str) -> None:
    """What every command does before it asks a server."""
    state = os.environ["LINEPROOF_STATE"]
    check_server(settings_from({"LINEPROOF_URL": url, "LINEPROOF_STATE": state, **more}))


def test_commands_on_a_server_remember_its_ledger(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "older")
    shutil.copytree(data, tmp_path / "twin")
    grow(data, "mine")
    grow(tmp_path / "twin", "theirs", 400)
    for folder, code in (
        ("data", None),
        ("data", None),
        ("older", ErrorCode.LEDGER_ROLLED_BACK),
        ("twin", ErrorCode.LEDGER_FORKED),
    ):
        # A copy has the same keys, wherever it is served: it is the same ledger or a fork of it.
        shutil.copy(data / "ledger/ledger.toml", tmp_path / folder / "ledger/static")
        with web_server(tmp_path / folder / "ledger/static") as url:
            if code is None:
                ask(url)
                continue
            with pytest.raises(IntegrityError) as caught:
                ask(url)
            assert caught.value.code == code


def test_a_server_is_held_to_the_pinned_key(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = key_of(data, capsys)
    grow(tmp_path / "stranger", "e")
    wrong = key_of(tmp_path / "stranger", capsys)
    with web_server(data / "ledger/static") as url:
        ask(url, LINEPROOF_KEY=key)
        for state in ("", str(tmp_path / "other")):
            with pytest.raises(IntegrityError):
                ask(url, LINEPROOF_KEY=wrong, LINEPROOF_STATE=state)
        ask(url, LINEPROOF_STATE="")
    (tmp_path / "nothing").mkdir()
    with web_server(tmp_path / "nothing") as url, pytest.raises(BackendError):
        ask(url)


def _forge(data: Path, forge: str) -> None:
    """Put another checkpoint of 300 entries into a ledger, signed as it must be."""
    checkpoint = data / "ledger/static/checkpoint"
    if forge == "leading zero":
        body = checkpoint.read_text().partition("\n\n")[0] + "\n"
        checkpoint.write_text(_signer(data).sign_note(body.replace("\n300\n", "\n0300\n")))
    elif forge == "other key":
        shutil.rmtree(data)
        grow(data, "e", 300)
    else:
        _sign_another_root(data)


FORGERIES = ["leading zero", "other key", "two roots"]


@pytest.mark.parametrize("forge", FORGERIES)
def test_forged_checkpoints_exit_4_row_41(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], forge: str
) -> None:
    key = key_of(data, capsys)
    watch = ["ledger", "watch", str(data), "--key", key, "--once", "--state", str(tmp_path / "s")]
    assert main(watch) == Exit.OK
    _forge(data, forge)
    assert main(watch) == Exit.INTEGRITY
    assert main(["ledger", "verify", str(data), "--key", key]) == Exit.INTEGRITY


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_backup_with_a_forged_checkpoint_is_not_restored_row_41(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], forge: str
) -> None:
    key = key_of(data, capsys)
    backup, again = tmp_path / "backup", str(tmp_path / "again")
    assert main(["ledger", "backup", str(backup), "--data", str(data)]) == Exit.OK
    _forge(backup, forge)
    restore = ["ledger", "restore", str(backup), "--data", again, "--key", key]
    assert main(restore) == Exit.INTEGRITY
    assert not Path(again).exists()


def _signer(data: Path) -> Signer:
    return parse_signer((data / "keys/ledger.key").read_text())


def _sign_another_root(data: Path) -> None:
    from ledger.checkpoint import sign_checkpoint

    signer = _signer(data)
    other = sign_checkpoint(signer.verifier.name, 300, bytes(32), signer)
    (data / "ledger/static/checkpoint").write_text(other.text)


def test_a_recorded_entry_is_seen_by_the_next_command(data: Path) -> None:
    grow(data, "late")
    assert main(["ledger", "prove", "300", "--project", "p", "--data", str(data)]) == Exit.OK
