"""Faults between the question and the exit code: whatever breaks, nothing exits 0 (F13, row 38)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import (
    BackendError,
    ErrorCode,
    IntegrityError,
    LineproofError,
    StaleError,
    StorageFullError,
)
from lineproof import policies, verdicts
from lineproof.cli import gate as gate_command
from lineproof.cli.exit_codes import Exit, exit_of_code
from lineproof.cli.main import main
from lineproof.services import Services
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import GOOD, POLICY, plant_runs

ARGV = ["gate", "--policy=release", "--candidate=x", "--url=http://127.0.0.1:1"]


@pytest.fixture(scope="module")
def passing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A genuine WARN, which exits 0 when nothing breaks."""
    data = tmp_path_factory.mktemp("faults") / "data"
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(services.log)
    policies.declare(services, POLICY, project="default", source="test")
    request = {
        "policy": "release",
        "candidate": {"runs": list(GOOD[:5])},
        "baseline": {"runs": list(GOOD[5:])},
    }
    answer = dict(verdicts.judge(services, request, project="default", source="test"))
    services.close()
    assert answer["exitCode"] == 0
    yield json.loads(json.dumps(answer))


class _Answers:
    """A backend that gives one answer, or fails."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def gate(self, _request: object) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    def close(self) -> None:
        """Nothing is open."""


def _exit(monkeypatch: pytest.MonkeyPatch, answer: Any, *more: str) -> int:
    monkeypatch.setattr(gate_command, "open_backend", lambda _settings: _Answers(answer))
    return main([*ARGV, *more])


def _shown(answer: Any, form: str = "text") -> int:
    """As ``main`` ends, without reading a command line hundreds of times."""
    try:
        return gate_command.show_verdict(answer, form)
    except LineproofError as error:
        return exit_of_code(error.code)
    except (AttributeError, KeyError, TypeError):
        return Exit.UNREACHABLE


def test_nothing_broken_exits_0(monkeypatch: pytest.MonkeyPatch, passing: dict[str, Any]) -> None:
    assert _exit(monkeypatch, passing) == Exit.OK


@pytest.mark.parametrize("code", list(ErrorCode))
def test_no_error_exits_0_f13(monkeypatch: pytest.MonkeyPatch, code: ErrorCode) -> None:
    assert _exit(monkeypatch, LineproofError("it broke", code=code)) != Exit.OK


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), KeyError("y"), MemoryError(), OSError("z"), RecursionError()]
)
def test_no_unexpected_error_exits_0_f13(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    assert _exit(monkeypatch, error) == Exit.UNREACHABLE


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "PASS", "WARN", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["outcome", "statement", "text", "id"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(answer=_JUNK)
def test_no_junk_exits_0_row_38(answer: object) -> None:
    whole = isinstance(answer, dict) and isinstance(answer.get("statement"), dict)
    agreed = whole and answer["statement"].get("outcome") in ("PASS", "WARN")  # type: ignore[index]
    told = whole and bool(answer.get("text"))  # type: ignore[union-attr]
    code = _shown(answer)
    if code == Exit.OK:
        assert agreed and told
        assert answer["outcome"] == answer["statement"]["outcome"]  # type: ignore[index]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_verdict_of_which_a_part_is_gone_or_changed_turns_greener(
    passing: dict[str, Any], data: st.DataObject
) -> None:
    answer = json.loads(json.dumps(passing))
    for name in data.draw(st.sets(st.sampled_from(["outcome", "statement", "text"]), min_size=1)):
        changed = data.draw(st.none() | st.sampled_from(["FAIL", "ERROR", "INCONCLUSIVE", "", 0]))
        answer[name] = changed
    form = data.draw(st.sampled_from(["text", "json", "markdown", "sarif", "junit"]))
    code = _shown(answer, form)
    if answer["outcome"] != passing["outcome"] or not isinstance(answer["statement"], dict):
        assert code != Exit.OK


FAULTS = [
    (IntegrityError("unreadable"), "catch_up", Exit.INTEGRITY),
    (StaleError("behind"), "catch_up", Exit.CANNOT_JUDGE),
    (BackendError("no store"), "catch_up", Exit.UNREACHABLE),
    (StorageFullError("full"), "append", Exit.UNREACHABLE),
    (BackendError("the signer is down"), "publish", Exit.UNREACHABLE),
    (OSError("the disk is gone"), "append", Exit.UNREACHABLE),
]


@pytest.mark.parametrize(("error", "where", "code"), FAULTS)
def test_a_gate_over_a_broken_ledger_never_passes_f13(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: Exception,
    where: str,
    code: Exit,
) -> None:
    data = tmp_path / "data"
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(services.log)
    policies.declare(services, POLICY, project="default", source="test")
    services.close()

    def broken(*_: object, **__: object) -> Any:
        raise error

    owner = Services if where == "catch_up" else type(services.log)
    sides = [f"--candidate={','.join(GOOD[:5])}", f"--baseline={','.join(GOOD[5:])}"]
    argv = ["gate", "--policy=release", *sides, "--data", str(data)]
    with monkeypatch.context() as patch:
        patch.setattr(owner, where, broken)
        assert main(argv) == code
    assert main(argv) == Exit.OK
    assert main(["gate", "--policy=missing", *sides, "--data", str(data)]) == Exit.CANNOT_JUDGE
