"""Lineage and the graph of two ancestries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.artifact import artifact_id
from domain.errors import NotFoundError, UsageError
from graph.model import NodeKind, entity_id, node_id
from graph.port import Condition, Direction, NodeQuery, Operator
from resolvers import artifacts
from resolvers.lineage import (
    GraphSide,
    diff_graph,
    impact,
    label_of,
    lineage,
    shortest_path,
)
from tests.schema.recorded import (
    EVAL,
    TRAIN_1,
    TRAIN_2,
    Recorder,
    open_recorder,
    record_variants,
    run_id,
)


def artifact(use: object) -> str:
    return artifact_id("default", use["artifact"])  # type: ignore[index]


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    folder: Path = tmp_path_factory.mktemp("lineage")
    recorder = open_recorder(folder)
    record_variants(recorder, seeds=2)
    recorder.run("f" * 32, project="other")
    recorder.append(
        "run.outputs_logged",
        {
            "run_id": run_id("baseline/0"),
            "generates": [
                {
                    "role": "model",
                    "facet": "",
                    "artifact": {
                        "kind": "MODEL",
                        "name": "clf",
                        "digest": "sha256:" + "a" * 64,
                        "algorithm": "sha256",
                        "strength": "CONTENT",
                    },
                }
            ],
        },
    )
    recorder.catch_up()
    yield recorder
    recorder.metrics.close()
    recorder.log.close()


def ask(recorder: Recorder, root: str, direction: Direction, **kw: int) -> list[str]:
    found = lineage(
        recorder.graph,
        root,
        project="default",
        direction=direction,
        depth=kw.get("depth"),
        max_nodes=kw.get("max_nodes", 300),
        as_of=kw.get("as_of"),
    )
    return [node.id for node, _ in found.nodes]


def test_upstream_leads_to_what_was_used(recorder: Recorder) -> None:
    run = node_id(NodeKind.RUN, run_id("data/0"))
    used = sorted(node_id(NodeKind.ARTIFACT, artifact(use)) for use in (EVAL, TRAIN_2))
    assert ask(recorder, run, Direction.UPSTREAM) == [run, *used]
    assert ask(recorder, run, Direction.UPSTREAM, depth=0) == [run]


def test_downstream_leads_to_who_used_it(recorder: Recorder) -> None:
    train = node_id(NodeKind.ARTIFACT, artifact(TRAIN_1))
    found = ask(recorder, train, Direction.DOWNSTREAM)
    assert {entity_id(each) for each in found[1:3]} == {run_id("baseline/0"), run_id("baseline/1")}
    assert len(found) == 4


def test_the_past_knows_less(recorder: Recorder) -> None:
    run = node_id(NodeKind.RUN, run_id("data/0"))
    seq = recorder.graph.nodes([run])[run].seq
    assert ask(recorder, run, Direction.UPSTREAM, as_of=seq + 1) == [run]


def test_a_limit_says_that_it_cut(recorder: Recorder) -> None:
    found = lineage(
        recorder.graph,
        node_id(NodeKind.RUN, run_id("data/0")),
        project="default",
        direction=Direction.UPSTREAM,
        depth=None,
        max_nodes=2,
        as_of=None,
    )
    assert found.truncated
    assert len(found.nodes) == 2


def test_a_foreign_root_does_not_exist(recorder: Recorder) -> None:
    with pytest.raises(NotFoundError):
        ask(recorder, node_id(NodeKind.RUN, "f" * 32), Direction.UPSTREAM)


@pytest.mark.parametrize("bounds", [{"depth": -1}, {"depth": 101}, {"max_nodes": 0}])
def test_bounds_out_of_range_are_refused(recorder: Recorder, bounds: dict[str, int]) -> None:
    run = node_id(NodeKind.RUN, run_id("data/0"))
    with pytest.raises(UsageError):
        ask(recorder, run, Direction.UPSTREAM, **bounds)


def test_two_ancestries_as_one_graph(recorder: Recorder) -> None:
    found = diff_graph(
        recorder.graph,
        [run_id("baseline/0")],
        [run_id("data/0")],
        projects=["default"],
        max_nodes=300,
        as_of=None,
    )
    sides = {entity_id(node.id): side for node, side in found.nodes}
    assert sides == {
        run_id("baseline/0"): GraphSide.BASELINE,
        run_id("data/0"): GraphSide.CANDIDATE,
        artifact(EVAL): GraphSide.BOTH,
        artifact(TRAIN_1): GraphSide.BASELINE,
        artifact(TRAIN_2): GraphSide.CANDIDATE,
    }
    assert len(found.edges) == 4
    assert not found.truncated
    cut = diff_graph(
        recorder.graph,
        [run_id("baseline/0")],
        [run_id("data/0")],
        projects=["default"],
        max_nodes=3,
        as_of=None,
    )
    assert cut.truncated
    kept = {node.id for node, _ in cut.nodes}
    assert len(kept) == 3
    assert all({edge.source, edge.target} <= kept for edge in cut.edges)


def test_labels_are_words(recorder: Recorder) -> None:
    nodes = recorder.graph.nodes([node_id(NodeKind.ARTIFACT, artifact(TRAIN_1))])
    assert [label_of(node) for node in nodes.values()] == ["digits-train sha256:11111"]


def test_uses_carry_their_tags(recorder: Recorder) -> None:
    run = run_id("data/0")
    uses = artifacts.used_by_runs(recorder.graph, [run], as_of=None)[run]
    assert {use.role: dict(use.tags) for use in uses} == {
        "evaluation": {"context": "evaluation"},
        "training": {"context": "training"},
    }


def test_makers_and_users_of_an_artifact(recorder: Recorder) -> None:
    first = run_id("baseline/0")
    (made,) = artifacts.generated_by_runs(recorder.graph, [first], as_of=None)[first]
    assert artifacts.makers_of(recorder.graph, [made.artifact_id], as_of=None) == {
        made.artifact_id: (first,)
    }
    users = artifacts.users_of(recorder.graph, [artifact(TRAIN_1)], as_of=None)
    assert users == {artifact(TRAIN_1): (first, run_id("baseline/1"))}


def test_kinds_show_a_part_and_the_walk_goes_through_all(recorder: Recorder) -> None:
    run = node_id(NodeKind.RUN, run_id("baseline/0"))
    found = lineage(
        recorder.graph,
        node_id(NodeKind.ARTIFACT, artifact(TRAIN_1)),
        project="default",
        direction=Direction.DOWNSTREAM,
        depth=None,
        max_nodes=100,
        as_of=None,
        kinds={NodeKind.ARTIFACT},
    )
    kinds = [node.kind for node, _ in found.nodes]
    assert set(kinds) == {NodeKind.ARTIFACT}
    assert "clf" in [label_of(node).split()[0] for node, _ in found.nodes]
    assert run not in {node.id for node, _ in found.nodes}


def test_a_model_is_downstream_of_its_training_data_by_one_shortest_path(
    recorder: Recorder,
) -> None:
    model = artifacts_named(recorder, "clf")
    data = node_id(NodeKind.ARTIFACT, artifact(TRAIN_1))
    run = node_id(NodeKind.RUN, run_id("baseline/0"))
    found = shortest_path(recorder.graph, model, data, project="default", as_of=None)
    assert [(node.id, distance) for node, distance in found.nodes] == [
        (model, 0),
        (run, 1),
        (data, 2),
    ]
    assert [(edge.source, edge.target) for edge in found.edges] == [(model, run), (run, data)]
    none = shortest_path(recorder.graph, data, model, project="default", as_of=None)
    assert none.nodes == none.edges == ()
    with pytest.raises(NotFoundError):
        shortest_path(recorder.graph, model, "artifact:none", project="default", as_of=None)


def test_impact_names_the_verdicts_on_what_a_data_set_went_into(recorder: Recorder) -> None:
    data = node_id(NodeKind.ARTIFACT, artifact(TRAIN_1))
    before = recorder.log.head().size
    statement = {"policy": {"name": "p", "digest": "d"}, "subject": {"run_ids": []}}
    payload = {
        "verdict_id": "v1",
        "policy_name": "p",
        "run_ids": [run_id("baseline/0")],
        "outcome": "FAIL",
        "statement": statement,
    }
    recorder.append("verdict.recorded", payload)
    recorder.catch_up()
    found = impact(recorder.graph, data, project="default", max_nodes=100, as_of=None)
    assert "verdict:v1" in {node.id for node, _ in found.nodes}
    past = impact(recorder.graph, data, project="default", max_nodes=100, as_of=before)
    assert "verdict:v1" not in {node.id for node, _ in past.nodes}
    verdicts = impact(
        recorder.graph,
        data,
        project="default",
        max_nodes=100,
        as_of=None,
        kinds={NodeKind.VERDICT},
    )
    assert [node.id for node, _ in verdicts.nodes] == [data, "verdict:v1"]


def artifacts_named(recorder: Recorder, name: str) -> str:
    query = NodeQuery("default", NodeKind.ARTIFACT, (Condition("name", Operator.EQ, name),))
    (node,) = recorder.graph.find(query)
    return node.id
