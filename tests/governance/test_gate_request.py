"""The body of a gate request: strict, and the same after a round through a statement."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorCode, UsageError
from governance.gate_request import (
    CiContext,
    GateRequest,
    gate_request_from_document,
    gate_request_from_json,
)
from governance.named_artifact import NamedArtifact
from governance.run_set import Filtered, GroupOf, RunIds

FULL: dict[str, Any] = {
    "policy": "release",
    "candidate": {"runs": ["b", "a", "a"]},
    "baseline": {"group": "g"},
    "artifacts": [{"name": "model.bin", "digest": "sha256:" + "0" * 64}],
    "ci": {
        "repository": "r",
        "commit": "c",
        "mergeBase": "m",
        "pullRequest": "7",
        "url": "https://ci.example/7",
    },
    "idempotencyKey": "k",
    "dryRun": True,
}


def test_a_full_request_reads_as_it_says() -> None:
    assert gate_request_from_json(FULL) == GateRequest(
        policy="release",
        candidate=RunIds(("a", "b")),
        baseline=GroupOf("g"),
        artifacts=(NamedArtifact("model.bin", "sha256:" + "0" * 64),),
        ci=CiContext("r", "c", "m", "7", "https://ci.example/7"),
        idempotency_key="k",
        dry_run=True,
    )


def test_a_filter_names_its_experiments() -> None:
    request = gate_request_from_json(
        {"policy": "p", "candidate": {"filter": "params.lr = '0.1'", "experiments": ["1"]}}
    )
    assert request.candidate == Filtered("params.lr = '0.1'", ("1",))


BAD = [
    ("not an object", []),
    ("nothing", {}),
    ("no candidate", {"policy": "p"}),
    ("no policy", {"candidate": {"runs": ["a"]}}),
    ("unknown member", {**FULL, "polcy": "p"}),
    ("artifacts as an object", {**FULL, "artifacts": {}}),
    ("artifact without digest", {**FULL, "artifacts": [{"name": "a"}]}),
    ("artifact of another digest", {**FULL, "artifacts": [{"name": "a", "digest": "md5:0"}]}),
    ("empty set", {**FULL, "candidate": {"runs": []}}),
    ("two kinds of set", {**FULL, "candidate": {"runs": ["a"], "group": "b"}}),
    ("no kind of set", {**FULL, "candidate": {}}),
    ("unknown kind of set", {**FULL, "candidate": {"run": "a"}}),
    ("runs as text", {**FULL, "candidate": {"runs": "a"}}),
    ("run as number", {**FULL, "candidate": {"runs": [1]}}),
    ("policy as number", {**FULL, "policy": 1}),
    ("policy with control characters", {**FULL, "policy": "a\0b"}),
    ("experiments without filter", {**FULL, "candidate": {"runs": ["a"], "experiments": ["1"]}}),
    ("filter that is none", {**FULL, "candidate": {"filter": "params.lr === 3"}}),
    ("flag as text", {**FULL, "dryRun": "yes"}),
    ("ci as text", {**FULL, "ci": "x"}),
    ("unknown ci member", {**FULL, "ci": {"branch": "x"}}),
    ("long key", {**FULL, "idempotencyKey": "k" * 201}),
]


@pytest.mark.parametrize("body", [b[1] for b in BAD], ids=[b[0] for b in BAD])
def test_anything_else_is_a_typed_error(body: Any) -> None:
    with pytest.raises(UsageError) as caught:
        gate_request_from_json(body)
    assert caught.value.code in (ErrorCode.INVALID_ARGUMENT, ErrorCode.INVALID_NAME)


_NAMES = st.text("abcäß0-/", min_size=1, max_size=5)
_SETS = st.one_of(
    st.lists(_NAMES, min_size=1, max_size=3).map(lambda runs: {"runs": runs}),
    _NAMES.map(lambda run: {"group": run}),
    st.just({"filter": "metrics.acc > 0.9"}),
    st.just({"filter": "", "experiments": ["1", "2"]}),
)


@given(
    body=st.fixed_dictionaries(
        {"policy": _NAMES, "candidate": _SETS},
        optional={
            "baseline": _SETS,
            "ci": st.fixed_dictionaries({}, optional={"commit": _NAMES, "pullRequest": _NAMES}),
        },
    )
)
def test_a_statement_keeps_the_whole_question(body: dict[str, Any]) -> None:
    request = gate_request_from_json(body)
    assert gate_request_from_document(request.document()) == request
