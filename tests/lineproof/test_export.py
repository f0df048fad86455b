"""``lineproof export``, read by the tools that it is for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import polars as pl
import pytest
from openlineage.client.facet_v2 import test_run
from prov.model import ProvDocument

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.ids import SequentialIds
from graph.model import Edge, Node, NodeKind
from graph.port import NodeQuery
from graph.sqlite.store import SqliteGraph
from ledger.log import Log
from ledger.projection import catch_up
from lineproof.cli.main import main
from resolvers.runs import all_ids, selection
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

GOLDEN = Path(__file__).parent.parent / "golden"
Export = Callable[..., str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of MLflow and OpenLineage, planted ones, and a verdict on those."""
    folder = tmp_path_factory.mktemp("exported")
    store = str(folder / "store")
    log = Log.open(Path(store), clock=FrozenClock(1), background=False)
    plant_runs(log)
    log.close()
    (folder / "lineproof.yaml").write_text(POLICY)
    assert main(["policy", "apply", str(folder / "lineproof.yaml"), "--data", store]) == 0
    assert main(["import", "mlflow", str(GOLDEN / "mlruns-1.30"), "--data", store]) == 0
    for name in ("airflow", "spark", "dbt"):
        events = str(GOLDEN / "openlineage" / f"{name}.jsonl")
        assert main(["import", "openlineage", events, "--data", store]) == 0
    sides = ["--candidate", ",".join(WORSE), "--baseline", ",".join(GOOD)]
    assert main(["gate", "--policy", "release", *sides, "--data", store]) == 1
    return Path(store)


@pytest.fixture
def export(data: Path, tmp_path: Path) -> Export:
    def command(kind: str, folder: Path = data) -> str:
        target = tmp_path / f"{kind}.out"
        assert main(["export", kind, "--to", str(target), "--data", str(folder)]) == 0
        return target.read_text()

    return command


def graph_of(folder: Path) -> tuple[dict[str, Node], list[Edge]]:
    """What the store itself says."""
    log = Log.open(folder, clock=FrozenClock(1), background=False)
    store = SqliteGraph(folder / "graph.db")
    catch_up(log, store)
    log.close()
    found = [n for kind in NodeKind for n in store.find(NodeQuery("default", kind))]
    nodes = {node.id: node for node in found}
    edges = [edge for group in store.outgoing(sorted(nodes)).values() for edge in group]
    store.close()
    return nodes, edges


def first(values: Any) -> Any:
    return next(iter(values))


def test_prov_reads_back_to_the_same_graph(data: Path, export: Export) -> None:
    nodes, edges = graph_of(data)
    document = ProvDocument.deserialize(content=export("prov"), format="json")
    seen: dict[str, dict[str, Any]] = {}
    said: set[tuple[str, str, str, str, str]] = set()
    for record in document.get_records():
        attributes = {str(name): value for name, value in record.attributes}
        if record.is_element():
            seen[record.identifier.localpart] = attributes
            continue
        ends = [value.localpart for _, value in record.formal_attributes if value is not None]
        role = attributes.get("prov:role", attributes.get("lineproof:role", ""))
        facet = attributes.get("lineproof:facet", "")
        said.add((ends[0], str(attributes["lineproof:edge"]), ends[1], str(role), str(facet)))
    assert said == {(e.source, str(e.type), e.target, e.role, e.facet) for e in edges}
    assert set(seen) == set(nodes)
    for node in nodes.values():
        attributes = seen[node.id]
        assert attributes["lineproof:node"] == node.kind
        for name, value in node.attributes.items():
            assert str(attributes[f"lineproof:{name}"]) == str(value), name


def test_prov_comes_back_as_it_was(export: Export, tmp_path: Path, data: Path) -> None:
    export("prov")
    again = tmp_path / "again"
    document = str(tmp_path / "prov.out")
    assert main(["import", "prov", document, "--data", str(again)]) == 0
    old, old_edges = graph_of(data)
    new, new_edges = graph_of(again)
    kinds = (NodeKind.RUN, NodeKind.ARTIFACT)
    assert {n for n in old if old[n].kind in kinds} == {n for n in new if new[n].kind in kinds}
    run = old["run:01941a6e-0c00-7000-8000-0000000000b2"]
    back = new[run.id]
    for name in ("name", "status", "start_time", "end_time", "tags.openlineage.job.name"):
        assert back.attributes[name] == run.attributes[name]
    kept = {"USED", "WAS_GENERATED_BY", "WAS_DERIVED_FROM"}
    assert {(e.source, e.type, e.target, e.facet) for e in old_edges if e.type in kept} == {
        (e.source, e.type, e.target, e.facet) for e in new_edges if e.type in kept
    }


@pytest.mark.parametrize("kind", ["graphml", "node-link"])
def test_networkx_reads_every_node_and_edge(data: Path, export: Export, kind: str) -> None:
    nodes, edges = graph_of(data)
    text = export(kind)
    if kind == "graphml":
        graph = networkx.parse_graphml(text, force_multigraph=True)
    else:
        graph = networkx.node_link_graph(json.loads(text), edges="edges")
    assert set(graph.nodes) == set(nodes)
    assert graph.number_of_edges() == len(edges)
    for node in nodes.values():
        assert graph.nodes[node.id]["node"] == node.kind
        for name, value in node.attributes.items():
            assert str(graph.nodes[node.id][name]) == str(value)


def test_events_are_openlineage_and_tell_the_same(export: Export, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in export("openlineage").splitlines()]
    again = str(tmp_path / "again")
    events = str(tmp_path / "openlineage.out")
    assert main(["import", "openlineage", events, "--data", again]) == 0
    assert main(["import", "openlineage", events, "--data", again]) == 0
    recorded = [
        json.loads(line)
        for line in (GOLDEN / "openlineage" / "spark.jsonl").read_text().splitlines()
    ]
    old = recorded[3]
    new = first(
        e
        for e in lines
        if e["run"]["runId"] == old["run"]["runId"] and e["eventType"] == "COMPLETE"
    )
    assert new["job"]["name"] == old["job"]["name"]
    assert new["job"]["facets"] == old["job"]["facets"]
    assert new["run"]["facets"] == old["run"]["facets"]
    (output,), (said,) = new["outputs"], old["outputs"]
    assert output["facets"]["columnLineage"] == said["facets"]["columnLineage"]
    assert output["outputFacets"] == said["outputFacets"]
    inputs = {one["name"]: one["inputFacets"] for one in new["inputs"]}
    assert inputs == {one["name"]: one["inputFacets"] for one in old["inputs"]}


def test_a_verdict_is_a_run_with_the_test_facet(export: Export) -> None:
    lines = [json.loads(line) for line in export("openlineage").splitlines()]
    (verdict,) = [line for line in lines if "test" in line["run"]["facets"]]
    facet = verdict["run"]["facets"]["test"]
    assert verdict["job"]["name"] == "gate/release"
    tests = [test_run.TestExecution(**one) for one in facet["tests"]]
    assert [(one.name, one.status, one.severity) for one in tests] == [
        ("accuracy", "fail", "error")
    ]
    upstream = verdict["run"]["facets"]["jobDependencies"]["upstream"]
    assert len(upstream) == len(WORSE)
    jobs = {line["run"]["runId"]: line["job"] for line in lines}
    for one in upstream:
        own = jobs[one["run"]["runId"]]
        assert one["job"] == {"namespace": own["namespace"], "name": own["name"]}


def test_parquet_holds_every_point(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "points.parquet"
    assert main(["export", "parquet", "--to", str(target), "--data", str(data)]) == 0
    table = pl.read_parquet(target)
    losses = table.filter(pl.col("key") == "loss").sort("step")["value"].to_list()
    assert losses == [1.0, 0.5, 0.3333333333333333]
    assert table.filter(pl.col("key") == "accuracy").height == len(GOOD) + len(WORSE) + 2


def test_parquet_needs_a_path(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "parquet", "--data", str(data)]) == 2
    assert "--to" in capsys.readouterr().err


def test_ids_are_stable() -> None:
    from lineproof.exports.openlineage import run_uuid

    plain = SequentialIds().hex32()
    assert run_uuid(plain).replace("-", "") == plain
    assert run_uuid("good1") == run_uuid("good1") != run_uuid("good2")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "metrics.accuracy > 0.9",
        "NOT metrics.accuracy > 0.9 AND (params.seed = '1' OR tags.nobody IS NULL)",
        "status = 'FINISHED' AND start_time >= 0 AND run_name LIKE '%'",
    ],
)
def test_a_table_of_runs_holds_those_that_the_same_search_finds(
    data: Path, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "runs.parquet"
    asked = ["--to", str(target), "--filter", text, "--data", str(data)]
    assert main(["export", "runs", *asked]) == 0
    table = pl.read_parquet(target)
    assert f"{len(table)} runs" in capsys.readouterr().out
    log = Log.open(data, clock=FrozenClock(1), background=False)
    store, metrics = SqliteGraph(data / "graph.db"), MetricTables.open(data, clock=FrozenClock(1))
    for projection in (store, metrics):
        catch_up(log, projection)
    which = selection("default", filter_text=text, deleted=True)
    assert sorted(table["run_id"]) == sorted(all_ids(store, metrics, which, as_of=None))
    metrics.close()
    store.close()
    log.close()


def test_a_filter_goes_with_the_table_of_runs_alone(data: Path, tmp_path: Path) -> None:
    target = ["--to", str(tmp_path / "x"), "--data", str(data)]
    assert main(["export", "prov", "--filter", "params.a = '1'", *target]) == 2
    assert main(["export", "runs", "--filter", "dataset.name = 'x'", *target]) == 2
