"""What entries say about the graph."""

from hypothesis import given, settings

from domain.artifact import artifact_id
from domain.ids import derived_id
from graph.model import AddEdge, AddNode, EdgeType, NodeKind, SetAttribute, UnsetAttribute
from graph.projector import mutations
from ledger.entry import Entry
from tests.conformance.entries import entry, histories, run_logged, run_started, use


def attributes(one: Entry, node: str) -> dict[str, object]:
    said = mutations(one)
    return {m.name: m.value for m in said if isinstance(m, SetAttribute) and m.node == node}


def test_a_started_run_is_all_that_its_client_said() -> None:
    payload = run_started("r1", tags={"k": "v"}, job="train.py", parent_run_id="r0")
    said = mutations(entry(7, "run.started", payload, project="p"))
    assert said[0] == AddNode("run:r1", NodeKind.RUN, "p")
    assert attributes(entry(7, "run.started", payload, project="p"), "run:r1") == {
        "name": "n-r1",
        "experiment_id": "0",
        "user": "ada",
        "status": "RUNNING",
        "start_time": 1,
        "lifecycle": "active",
        "tags.k": "v",
    }
    assert [m for m in said if isinstance(m, AddEdge)] == [
        AddEdge("run:r1", EdgeType.IN_EXPERIMENT, "experiment:p/0"),
        AddEdge("run:r1", EdgeType.WAS_ASSOCIATED_WITH, "agent:p/ada"),
        AddEdge("run:r1", EdgeType.EXECUTION_OF, "job:p/train.py"),
        AddEdge("run:r1", EdgeType.WAS_INFORMED_BY, "run:r0", "parent"),
    ]


def test_an_input_is_a_version_used_in_a_role_with_its_tags() -> None:
    given_ = use("train", facet="TRAIN_DATA", tags={"b": "2", "a": "1"})
    given_["artifact"] |= {"uri": "s3://x", "attributes": {"schema": "{}"}}
    one = entry(1, "run.inputs_logged", {"run_id": "r1", "uses": [given_]})
    version = artifact_id("default", given_["artifact"])
    edge = AddEdge("run:r1", EdgeType.USED, f"artifact:{version}", "training", "TRAIN_DATA")
    assert edge in mutations(one)
    assert attributes(one, f"artifact:{version}") == {
        "kind": "DATASET",
        "name": "train",
        "digest": "d1",
        "algorithm": "sha256",
        "strength": "CONTENT",
        "uri": "s3://x",
        "attributes.schema": "{}",
    }
    tags = {f"input_tags.{version}.training": '{"a":"1","b":"2"}'}
    assert attributes(one, "run:r1") == tags


def test_an_output_points_at_the_run_that_made_it() -> None:
    made = use("model", role="model")
    one = entry(1, "run.outputs_logged", {"run_id": "r1", "generates": [made]})
    source = f"artifact:{artifact_id('default', made['artifact'])}"
    assert AddEdge(source, EdgeType.WAS_GENERATED_BY, "run:r1", "model") in mutations(one)


def test_a_deleted_tag_has_no_value() -> None:
    one = entry(1, "run.tag_deleted", {"run_id": "r1", "key": "k"})
    assert mutations(one) == [UnsetAttribute("run:r1", "tags.k")]


def test_an_experiment_remembers_when_it_changed() -> None:
    one = entry(4, "experiment.deleted", {"experiment_id": "1"}, project="p")
    assert attributes(one, "experiment:p/1") == {"lifecycle": "deleted", "updated_at": 1_004}


def test_a_verdict_points_at_its_policy_and_at_both_sides() -> None:
    statement = {"policy": {"digest": "sha256:1"}, "baseline": {"run_ids": ["b"]}}
    payload = {"verdict_id": "v", "policy_name": "release", "run_ids": ["c"], "outcome": "PASS"}
    one = entry(9, "verdict.recorded", payload | {"statement": statement})
    policy = f"policy:{derived_id('policy', 'default', 'release', 'sha256:1')}"
    edges = [m for m in mutations(one) if isinstance(m, AddEdge)]
    assert edges == [
        AddEdge("verdict:v", EdgeType.UNDER_POLICY, policy),
        AddEdge("verdict:v", EdgeType.JUDGED, "run:c", "candidate"),
        AddEdge("verdict:v", EdgeType.JUDGED, "run:b", "baseline"),
    ]
    applied = {"name": "release", "digest": "sha256:1", "document": {"b": 1, "a": []}}
    declared = mutations(entry(3, "policy.applied", applied))
    assert AddNode(policy, NodeKind.POLICY, "default") in declared
    assert SetAttribute(policy, "document", '{"a":[],"b":1}') in declared


def test_a_verdict_without_a_baseline_judges_its_candidate_alone() -> None:
    payload = {"verdict_id": "v", "policy_name": "p", "run_ids": ["c"], "outcome": "ERROR"}
    payload |= {"statement": {"policy": {"digest": "d"}, "baseline": None}}
    edges = [m for m in mutations(entry(1, "verdict.recorded", payload)) if isinstance(m, AddEdge)]
    assert [edge.role for edge in edges] == ["", "candidate"]


def test_an_unknown_entry_says_nothing() -> None:
    assert mutations(entry(0, "weather.changed", {"to": "rain"})) == []


@settings(max_examples=50)
@given(entries=histories())
def test_no_attribute_takes_a_name_that_stores_keep(entries: list[Entry]) -> None:
    said = [m for one in entries for m in mutations(one)]
    names = {m.name for m in said if isinstance(m, SetAttribute | UnsetAttribute)}
    assert not names & {"id", "project", "seq", "order"}


def test_metrics_are_not_the_graphs_business() -> None:
    points = [{"key": "acc", "value": "0.9", "step": 0, "timestamp": 1}]
    assert mutations(entry(1, "run.logged", run_logged("r1", metrics=points))) == []
