"""Ledger entries for tests: one function per entry type, and hypothesis strategies over them."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from ledger.entry import Entry
from ledger.projection import Cursor

HOSTILE = ("`", "`) DETACH DELETE n //", "'}) DETACH DELETE n //", "' OR 1=1 --", "a.b", "", "%_")
"""Names that clients may choose and that must stay names."""


def entry(seq: int, type_: str, payload: dict[str, Any], project: str = "default") -> Entry:
    return Entry(
        seq=seq,
        type=type_,
        project=project,
        actor="tester",
        source="test",
        idem=f"idem-{seq}",
        at=1_000 + seq,
        schema=1,
        payload=payload,
        data=b"",
    )


def cursor(size: int) -> Cursor:
    """A cursor with an edge of the right form (its hashes do not matter to a graph)."""
    return Cursor(size, tuple(bytes([bit, size % 256]) * 16 for bit in range(size.bit_count())))


def experiment_created(experiment_id: str, **more: Any) -> dict[str, Any]:
    payload = {"experiment_id": experiment_id, "name": f"e{experiment_id}"}
    return payload | {"artifact_location": "", "tags": {}} | more


def run_started(run_id: str, **more: Any) -> dict[str, Any]:
    payload = {"run_id": run_id, "experiment_id": "0", "name": f"n-{run_id}", "user": "ada"}
    rest = {"start_time": 1, "tags": {}, "uses": [], "parent_run_id": "", "job": ""}
    return payload | rest | more


def run_logged(run_id: str, **more: Any) -> dict[str, Any]:
    return {"run_id": run_id, "metrics": [], "params": {}, "tags": {}, "uses": []} | more


def use(name: str, digest: str = "d1", role: str = "training", **more: Any) -> dict[str, Any]:
    artifact = {"kind": "DATASET", "name": name, "digest": digest, "algorithm": "sha256"}
    return {"role": role, "facet": "", "artifact": artifact | {"strength": "CONTENT"}} | more


def numbered(said: Sequence[tuple[str, str, dict[str, Any]]]) -> list[Entry]:
    """Entries of (type, project, payload), in order from seq 0."""
    return [
        entry(seq, type_, payload, project) for seq, (type_, project, payload) in enumerate(said)
    ]


_TEXT = st.text(alphabet="abAB%_*[]?é\uffff\U0001f600'`\\", max_size=4)
_KEY = st.sampled_from(("lr", "seed", *HOSTILE))
_TEXTS = st.dictionaries(_KEY, _TEXT, max_size=3)
_RUN = st.sampled_from(("r1", "r2", "r3", "r4"))
_EXPERIMENT = st.sampled_from(("0", "1"))
_TIME = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
_USE = st.builds(
    use,
    name=st.sampled_from(("train", "test", "é'`")),
    digest=st.sampled_from(("d1", "d2")),
    role=st.sampled_from(("training", "evaluation", "")),
    facet=st.sampled_from(("", "TRAIN_DATA")),
    tags=_TEXTS,
)
_USES = st.lists(_USE, max_size=3)
_PARENT = st.one_of(st.just(""), _RUN)

_SAID: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "experiment.created": st.builds(experiment_created, _EXPERIMENT, tags=_TEXTS),
    "experiment.renamed": st.fixed_dictionaries({"experiment_id": _EXPERIMENT, "name": _TEXT}),
    "experiment.tagged": st.fixed_dictionaries(
        {"experiment_id": _EXPERIMENT, "key": _KEY, "value": _TEXT}
    ),
    "experiment.deleted": st.fixed_dictionaries({"experiment_id": _EXPERIMENT}),
    "experiment.restored": st.fixed_dictionaries({"experiment_id": _EXPERIMENT}),
    "run.started": st.builds(
        run_started,
        _RUN,
        experiment_id=_EXPERIMENT,
        name=_TEXT,
        user=_TEXT,
        start_time=_TIME,
        tags=_TEXTS,
        uses=_USES,
        parent_run_id=_PARENT,
        job=st.sampled_from(("", "train.py")),
    ),
    "run.updated": st.fixed_dictionaries(
        {"run_id": _RUN},
        optional={"status": st.sampled_from(("FINISHED", "FAILED")), "end_time": _TIME},
    ),
    "run.logged": st.builds(
        run_logged, _RUN, params=_TEXTS, tags=_TEXTS, uses=_USES, parent_run_id=_PARENT
    ),
    "run.tag_deleted": st.fixed_dictionaries({"run_id": _RUN, "key": _KEY}),
    "run.inputs_logged": st.fixed_dictionaries({"run_id": _RUN, "uses": _USES}),
    "run.outputs_logged": st.fixed_dictionaries({"run_id": _RUN, "generates": _USES}),
    "run.deleted": st.fixed_dictionaries({"run_id": _RUN}),
    "run.restored": st.fixed_dictionaries({"run_id": _RUN}),
    "policy.applied": st.fixed_dictionaries(
        {
            "name": st.just("release"),
            "digest": st.sampled_from(("sha256:1", "sha256:2")),
            "document": st.fixed_dictionaries({"rules": st.lists(_TEXT, max_size=2)}),
        }
    ),
    "verdict.recorded": st.fixed_dictionaries(
        {
            "verdict_id": st.sampled_from(("v1", "v2")),
            "policy_name": st.just("release"),
            "run_ids": st.lists(_RUN, max_size=2),
            "outcome": st.sampled_from(("PASS", "FAIL")),
            "statement": st.fixed_dictionaries(
                {"policy": st.fixed_dictionaries({"digest": st.just("sha256:1")})}
            ),
        }
    ),
    "unknown.happened": st.just({"x": 1}),
}

_PROJECT = st.sampled_from(("default", "default", "other"))
_ONE = st.sampled_from(sorted(_SAID)).flatmap(
    lambda type_: st.tuples(st.just(type_), _PROJECT, _SAID[type_])
)
_RUNS_FIRST = st.tuples(st.just("run.started"), st.just("default"), _SAID["run.started"])


def histories(max_size: int = 16) -> st.SearchStrategy[list[Entry]]:
    """Sequences of entries over a small world, so that they meet each other often."""
    tail = st.lists(_ONE, max_size=max_size)
    head = st.lists(_RUNS_FIRST, min_size=2, max_size=4)
    return st.tuples(head, tail).map(lambda parts: numbered(parts[0] + parts[1]))
