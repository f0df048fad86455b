"""``lineproof import`` on what other tools have written: whole, once, and never executed."""

import json
import math
import os
import sqlite3
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.facet import Facet
from graph.model import EdgeType, Node, NodeKind
from graph.port import NodeQuery
from graph.sqlite.store import SqliteGraph
from ledger.log import Log
from ledger.projection import catch_up
from lineproof.cli.main import main
from tests.lineproof.lineage import event, table

GOLDEN = Path(__file__).parent.parent / "golden"
BASELINE = "b70a945ffb484ccfa7f385b42eb5f426"

Import = Callable[..., tuple[int, int, int]]
"""Arguments of the command to (entries added, runs read, refused)."""


@pytest.fixture
def run_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    def command(*arguments: object) -> tuple[int, int, int]:
        texts = [str(argument) for argument in arguments]
        code = main(["import", *texts, "--data", str(tmp_path / "store")])
        shown = capsys.readouterr()
        words = shown.out.replace(" would be", "").split()
        assert code == (2 if words[6] != "0" else 0), shown
        return int(words[0]), int(words[3]), int(words[6])

    return command


class Store:
    """What a data folder holds, read back."""

    def __init__(self, folder: Path) -> None:
        self.log = Log.open(folder, clock=FrozenClock(1), background=False)
        self.graph = SqliteGraph(folder / "graph.db")
        self.metrics = MetricTables.open(folder, clock=FrozenClock(1))
        catch_up(self.log, self.graph)
        catch_up(self.log, self.metrics)

    def close(self) -> None:
        self.metrics.close()
        self.graph.close()
        self.log.close()

    def nodes(self, kind: NodeKind) -> list[Node]:
        return list(self.graph.find(NodeQuery("default", kind)))

    def run(self, run_id: str) -> Node:
        return self.graph.nodes([f"run:{run_id}"])[f"run:{run_id}"]

    def uses(self, run: str) -> dict[str, tuple[str, str]]:
        """Role to (artifact's name, facet)."""
        edges = self.graph.outgoing([run], types=(EdgeType.USED,))[run]
        nodes = self.graph.nodes([edge.target for edge in edges])
        return {
            edge.role: (str(nodes[edge.target].attributes["name"]), edge.facet) for edge in edges
        }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    opened: list[Store] = []

    def open_store() -> Store:
        opened.append(Store(tmp_path / "store"))
        return opened[-1]

    yield open_store
    for one in opened:
        one.close()


def test_a_folder_of_an_old_client_comes_in_whole_and_once(
    run_import: Import, store: Callable[[], Store]
) -> None:
    folder = GOLDEN / "mlruns-1.30"
    assert run_import("mlflow", folder, "--dry-run")[1:] == (3, 0)
    added, runs, refused = run_import("mlflow", folder)
    assert (runs, refused) == (3, 0)
    assert added > 10
    assert run_import("mlflow", folder) == (0, 3, 0)
    assert run_import("mlflow", folder, "--dry-run") == (0, 3, 0)
    opened = store()
    run = opened.run(BASELINE)
    assert run.attributes["name"] == "baseline"
    assert run.attributes["params.model/kind"] == "sgd"
    assert run.attributes["tags.note"] == "first try"
    assert run.attributes["status"] == "FINISHED"
    losses = [(p["step"], p["value"]) for p in opened.metrics.points(BASELINE, "loss")]
    assert losses == [(0, "1.0"), (1, "0.5"), (2, "0.3333333333333333")]
    assert opened.uses(run.id)["code"] == ("t.py", Facet.TRAIN_CODE)
    (child,) = [one for one in opened.nodes(NodeKind.RUN) if one.attributes["name"] == "child"]
    (edge,) = opened.graph.outgoing([child.id], types=(EdgeType.WAS_INFORMED_BY,))[child.id]
    assert edge.target == run.id
    assert math.isnan(opened.metrics.summaries([child.id[4:]])[child.id[4:]]["accuracy"].last)
    deleted = [one for one in opened.nodes(NodeKind.RUN) if one.attributes["lifecycle"] != "active"]
    assert len(deleted) == 1
    gone = [e for e in opened.nodes(NodeKind.EXPERIMENT) if e.attributes["lifecycle"] != "active"]
    assert [e.attributes["name"] for e in gone] == ["gone"]


def test_a_run_that_went_on_is_completed(
    run_import: Import, store: Callable[[], Store], tmp_path: Path
) -> None:
    folder = tmp_path / "mlruns"
    run = folder / "1" / "abc"
    for name in ("metrics", "params", "tags"):
        (run / name).mkdir(parents=True)
    (folder / "1" / "meta.yaml").write_text("experiment_id: '1'\nname: e\n")
    meta = "run_uuid: abc\nstatus: 1\nstart_time: 5\nend_time: null\nuser_id: me\n"
    (run / "meta.yaml").write_text(meta)
    (run / "metrics" / "loss").write_text("1500000000 1.0\n1500000001000 0.5 1\n")
    run_import("mlflow", folder)
    (run / "meta.yaml").write_text(meta.replace("status: 1", "status: 3").replace("null", "9"))
    with (run / "metrics" / "loss").open("a") as file:
        file.write("1500000002000 0.25 2\n")
    (run / "params" / "lr").write_text("0.1")
    assert run_import("mlflow", folder) == (3, 1, 0)
    assert run_import("mlflow", folder) == (0, 1, 0)
    opened = store()
    points = opened.metrics.points("abc", "loss")
    assert [point["value"] for point in points] == ["1.0", "0.5", "0.25"]
    assert points[0]["timestamp"] == 1_500_000_000_000
    assert opened.run("abc").attributes["end_time"] == 9
    (run / "params" / "lr").write_text("0.2")
    assert run_import("mlflow", folder) == (0, 1, 1)


def test_links_tags_and_pickles_in_a_folder_are_reported_and_the_rest_goes_on(
    run_import: Import, store: Callable[[], Store], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("1 1 1\n")
    folder = tmp_path / "mlruns"
    for number, run_id in enumerate(("good", "evil", "linked", "pickled")):
        run = folder / "1" / run_id
        (run / "metrics").mkdir(parents=True)
        (run / "meta.yaml").write_text(f"run_id: {run_id}\nstatus: 3\nstart_time: {number}\n")
    (folder / "1" / "meta.yaml").write_text("name: e\n")
    touched = tmp_path / "touched"
    (folder / "1" / "evil" / "meta.yaml").write_text(
        f'!!python/object/apply:os.system ["touch {touched}"]\n'
    )
    (folder / "1" / "linked" / "metrics" / "m").symlink_to(tmp_path / "secret")
    (folder / "1" / "pickled" / "meta.yaml").write_bytes(b"\x80\x04cos\nsystem\n.")
    (folder / "1" / "outside").symlink_to(tmp_path)
    assert run_import("mlflow", folder)[1:] == (2, 4)
    assert not touched.exists()
    opened = store()
    assert sorted(one.id for one in opened.nodes(NodeKind.RUN)) == ["run:good", "run:linked"]
    assert opened.metrics.points("linked", "m") == []


def old_database(path: Path) -> None:
    """The tables of MLflow 1.0: no steps, no lifecycles, no datasets."""
    with sqlite3.connect(path) as db:
        db.executescript("""
            CREATE TABLE experiments (experiment_id INTEGER, name TEXT, artifact_location TEXT);
            CREATE TABLE runs (run_uuid TEXT, name TEXT, source_name TEXT, user_id TEXT,
                status TEXT, start_time BIGINT, end_time BIGINT, source_version TEXT,
                experiment_id INTEGER);
            CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT);
            CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
            CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
            INSERT INTO experiments VALUES (3, 'old', '');
            INSERT INTO runs VALUES ('r1', '', 'train.py', 'me', 'FINISHED', 1, 2, 'c0ffee', 3);
            INSERT INTO metrics VALUES ('m', 0.5, 7, 'r1'), ('m', 0.25, 8, 'r1');
            INSERT INTO params VALUES ('lr', '0.1', 'r1');
        """)
    db.close()


def test_databases_of_any_age(
    run_import: Import, store: Callable[[], Store], tmp_path: Path
) -> None:
    old_database(tmp_path / "old.db")
    assert run_import("mlflow", tmp_path / "old.db")[1:] == (1, 0)
    assert run_import("mlflow", tmp_path / "old.db") == (0, 1, 0)
    opened = store()
    run = opened.run("r1")
    assert opened.uses(run.id)["code"][1] == Facet.TRAIN_CODE
    assert run.attributes["experiment_id"] == "3"
    assert [p["value"] for p in opened.metrics.points("r1", "m")] == ["0.5", "0.25"]


def test_what_is_no_database_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.db").write_bytes(b"\x80\x04cos\nsystem\n." * 100)
    sqlite3.connect(tmp_path / "empty.db").close()
    (tmp_path / "link.db").symlink_to(tmp_path / "no.db")
    for name in ("no.db", "empty.db", "link.db", "nothing.db"):
        code = main(["import", "mlflow", str(tmp_path / name), "--data", str(tmp_path / "s")])
        assert code == 2
        assert "code: " in capsys.readouterr().err


def git(folder: Path, *arguments: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    }
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, env=environment, check=True)


PIPELINE = """
stages:
  train: {cmd: t, deps: [data/train.csv, train.py], params: [lr], outs: [model.pkl]}
  evaluate: {cmd: e, deps: [model.pkl, data/test.csv, evaluate.py], metrics: [scores.json]}
"""
LOCK = """
schema: '2.0'
stages:
  train:
    deps: [{path: data/train.csv, md5: aa%s}, {path: train.py, md5: bb}]
    params: {params.yaml: {lr: 0.%s}}
    outs: [{path: model.pkl, md5: cc%s}]
  evaluate:
    deps:
    - {path: model.pkl, md5: cc%s}
    - {path: data/test.csv, md5: dd}
    - {path: evaluate.py, md5: ee}
"""


def test_a_history_of_dvc(run_import: Import, store: Callable[[], Store], tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q", ".")
    touched = tmp_path / "touched"
    git(repository, "config", "log.showSignature", "true")
    git(repository, "config", "gpg.program", f"touch {touched}")
    (repository / "dvc.yaml").write_text(PIPELINE)
    for number in "123":
        (repository / "dvc.lock").write_text(LOCK % (number, number, number, number))
        (repository / "params.yaml").write_text(f"lr: 0.{number}\nseed: 7\n")
        (repository / "scores.json").write_text(
            json.dumps({"test": {"acc": float(f"0.9{number}")}})
        )
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", number)
    (repository / "params.yaml").write_text("a: !!python/name:os.system\n")
    git(repository, "commit", "-q", "-a", "-m", "broken")
    assert run_import("dvc", repository, "--experiment", "shop")[1:] == (3, 1)
    assert run_import("dvc", repository, "--experiment", "shop") == (0, 3, 1)
    opened = store()
    runs = opened.nodes(NodeKind.RUN)
    assert [run.attributes["params.lr"] for run in runs] == ["0.1", "0.2", "0.3"]
    ids = [run.id[4:] for run in runs]
    summaries = opened.metrics.summaries(ids)
    assert [summaries[run]["test.acc"].last for run in ids] == [0.91, 0.92, 0.93]
    uses = opened.uses(runs[0].id)
    assert uses["evaluate:evaluate.py"] == ("evaluate.py", Facet.EVAL_CODE)
    assert uses["evaluate:data/test.csv"] == ("data/test.csv", Facet.EVAL_DATA)
    assert uses["train:data/train.csv"] == ("data/train.csv", Facet.TRAIN_DATA)
    assert "evaluate:model.pkl" not in uses
    assert not touched.exists()


def test_results_of_asv(run_import: Import, store: Callable[[], Store], tmp_path: Path) -> None:
    machine = tmp_path / "results" / "box"
    machine.mkdir(parents=True)
    (tmp_path / "results" / "benchmarks.json").write_text('{"b.sort": {"version": "v"}}')
    (machine / "machine.json").write_text("{}")
    result = (
        '{"commit_hash": "c0ffee", "env_name": "py", "date": 9, "params": {"cpu": "x"},'
        ' "result_columns": ["result", "params"],'
        ' "results": {"b.sort": [[0.1, NaN, 0.3], [["1", "2", "3"]]], "b.mem": [[42], []]}}'
    )
    (machine / "c0ffee-py.json").write_text(result)
    (machine / "old.json").write_text('{"commit_hash": "d", "results": {"b.mem": 7, "x": null}}')
    (machine / "broken.json").write_text("{")
    assert run_import("asv", tmp_path)[1:] == (2, 1)
    assert run_import("asv", tmp_path) == (0, 2, 1)
    opened = store()
    new, old = sorted(opened.nodes(NodeKind.RUN), key=lambda run: str(run.attributes["name"]))
    values = {k: s.last for k, s in opened.metrics.summaries([new.id[4:]])[new.id[4:]].items()}
    assert values == {"b.sort(1)": 0.1, "b.sort(3)": 0.3, "b.mem": 42.0}
    assert list(opened.metrics.summaries([old.id[4:]])[old.id[4:]]) == ["b.mem"]
    facets = {facet for _, facet in opened.uses(new.id).values()}
    assert facets == {"TRAIN_CODE", "HARDWARE", "ENVIRONMENT", "METRIC_DEF"}


def test_tables_of_metrics(run_import: Import, store: Callable[[], Store], tmp_path: Path) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_text("trial,epoch,loss,note\na,1,0.5,x\na,2,0.25,y\nb,1,nan,z\nb,x,1,z\n")
    columns = ("--map", "run=trial", "--map", "step=epoch")
    assert run_import("metrics", wide, *columns, "--experiment", "e")[1:] == (2, 1)
    assert run_import("metrics", wide, *columns, "--experiment", "e") == (0, 2, 1)
    long = tmp_path / "long.jsonl"
    lines = [{"run": "a", "key": "acc", "value": 0.9, "step": step} for step in range(3)]
    long.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run_import("metrics", long, "--experiment", "e")
    parquet = tmp_path / "wide.parquet"
    pl.DataFrame({"run": ["c"] * 12_000, "step": range(12_000), "m": [1.5] * 12_000}).write_parquet(
        parquet
    )
    assert run_import("metrics", parquet, "--experiment", "e")[1:] == (1, 0)
    assert run_import("metrics", parquet, "--experiment", "e") == (0, 1, 0)
    opened = store()
    runs = {str(run.attributes["name"]): run.id[4:] for run in opened.nodes(NodeKind.RUN)}
    assert set(runs) == {"a", "b", "c"}
    assert [p["value"] for p in opened.metrics.points(runs["a"], "loss")] == ["0.5", "0.25"]
    assert opened.metrics.summaries([runs["a"]])[runs["a"]]["acc"].count == 3
    assert opened.metrics.summaries([runs["c"]])[runs["c"]]["m"].count == 12_000


def absurd_parquets() -> Iterator[bytes]:
    good = b"PAR1" + b"\x15\x02" * 40
    yield good + struct.pack("<I", 0xFFFFFFFF) + b"PAR1"
    yield good + struct.pack("<I", 70) + b"PAR1"
    yield b"PAR1PAR1"
    yield b"\x80\x04cos\nsystem\n(S'true'\ntR."
    # A footer whose schema claims 2**31 - 1 children.
    footer = b"\x15\x02\x19\xfc\xff\xff\xff\xff\x07\x15\xfe\xff\xff\xff\x0f"
    yield b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


@pytest.mark.parametrize("data", list(absurd_parquets()))
def test_an_absurd_parquet_is_refused(
    data: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.parquet").write_bytes(data)
    code = main(["import", "metrics", str(tmp_path / "m.parquet"), "--data", str(tmp_path / "s")])
    assert code == 2
    assert "code: MALFORMED" in capfd.readouterr().err


def test_prov_of_others(run_import: Import, store: Callable[[], Store], tmp_path: Path) -> None:
    document = {
        "prefix": {"ex": "http://example.org/"},
        "entity": {"ex:data": {"prov:label": "data"}, "ex:model": {}, "ex:old": {}},
        "activity": {"ex:train": {"prov:startTime": "2020-01-01T00:00:00Z"}, "ex:all": {}},
        "used": {"_:1": {"prov:activity": "ex:train", "prov:entity": "ex:data"}},
        "wasGeneratedBy": {"_:2": {"prov:entity": "ex:model", "prov:activity": "ex:train"}},
        "wasDerivedFrom": {
            "_:3": {"prov:generatedEntity": "ex:model", "prov:usedEntity": "ex:old"}
        },
        "wasInformedBy": {"_:4": {"prov:informed": "ex:train", "prov:informant": "ex:all"}},
        "agent": {"ex:bob": {}},
        "wasAssociatedWith": {"_:5": {"prov:activity": "ex:train", "prov:agent": "ex:bob"}},
    }
    path = tmp_path / "p.json"
    path.write_text(json.dumps(document))
    assert run_import("prov", path)[1:] == (2, 0)
    assert run_import("prov", path) == (0, 2, 0)
    opened = store()
    train = next(r for r in opened.nodes(NodeKind.RUN) if r.attributes["name"] == "ex:train")
    assert opened.uses(train.id) == {"input": ("data", "")}
    kinds = {e.type for e in opened.graph.outgoing([train.id])[train.id]}
    assert {EdgeType.WAS_INFORMED_BY, EdgeType.WAS_ASSOCIATED_WITH} <= kinds
    model = next(a for a in opened.nodes(NodeKind.ARTIFACT) if a.attributes["name"] == "ex:model")
    types = {edge.type for edge in opened.graph.outgoing([model.id])[model.id]}
    assert types == {EdgeType.WAS_GENERATED_BY, EdgeType.WAS_DERIVED_FROM}


def test_lines_of_openlineage(
    run_import: Import, store: Callable[[], Store], tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes((GOLDEN / "openlineage" / "spark.jsonl").read_bytes() + b'\n{"a": 1\n{}\n')
    added, _, refused = run_import("openlineage", path)
    assert (added > 5, refused) == (True, 2)
    assert run_import("openlineage", path) == (0, 0, 2)
    assert len(store().nodes(NodeKind.RUN)) == 2


def test_lines_of_openlineage_count_in_the_order_of_their_times(
    run_import: Import, store: Callable[[], Store], tmp_path: Path
) -> None:
    first, second, reader = (f"01941a6e-0c00-7000-8000-0000000000{n}" for n in ("a1", "a2", "b1"))
    told = [
        event("COMPLETE", 9, reader, inputs=[table("t")]),
        event("COMPLETE", 1, first, outputs=[table("t")]),
        event("COMPLETE", 4, second, outputs=[table("t")]),
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in told))
    run_import("openlineage", path)
    opened = store()
    (use,) = opened.graph.outgoing([f"run:{reader}"], types=(EdgeType.USED,))[f"run:{reader}"]
    assert opened.graph.nodes([use.target])[use.target].attributes["digest"] == second
