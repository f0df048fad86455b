"""Run groups follow from fingerprints."""

from pathlib import Path

import pytest

from domain.errors import NotFoundError
from domain.facet import Facet
from resolvers import policies, run_groups
from tests.schema.recorded import open_recorder, record_variants


def test_a_group_holds_the_repetitions_of_a_run(tmp_path: Path) -> None:
    recorder = open_recorder(tmp_path)
    ids = record_variants(recorder, seeds=3)
    size = recorder.catch_up()
    groups = {
        name: run_groups.of_run(
            recorder.graph, recorder.metrics, members[1], project="default", as_of=size
        )
        for name, members in ids.items()
    }
    assert {name: list(group.run_ids) for name, group in groups.items()} == ids
    assert len({group.fingerprint for group in groups.values()}) == 3
    shared = {facet for facet, _ in groups["data"].facets}
    assert {Facet.TRAIN_DATA, Facet.EVAL_DATA, Facet.PARAMS} <= shared
    assert Facet.SEED not in shared
    with pytest.raises(NotFoundError):
        run_groups.of_run(recorder.graph, recorder.metrics, "no", project="default", as_of=size)
    recorder.metrics.close()
    recorder.log.close()


def test_a_policy_is_found_by_name_and_by_id(tmp_path: Path) -> None:
    recorder = open_recorder(tmp_path)
    recorder.policy()
    size = recorder.catch_up()
    graph = recorder.graph
    (record,) = policies.in_force(graph, project="default", as_of=size)
    assert record.name == "release"
    assert policies.one(graph, "release", project="default", as_of=size) == record
    assert policies.one(graph, record.policy_id, project="default", as_of=size) == record
    assert policies.declared(record).digest() == record.digest
    assert policies.replicate_keys(graph, "release", project="default", as_of=size) == ("seed",)
    assert "random_state" in policies.replicate_keys(graph, None, project="default", as_of=size)
    for name, project, as_of in (
        ("nope", "default", size),
        ("release", "other", size),
        (record.policy_id, "other", size),
        ("release", "default", 0),
    ):
        with pytest.raises(NotFoundError):
            policies.one(graph, name, project=project, as_of=as_of)
    recorder.metrics.close()
    recorder.log.close()
