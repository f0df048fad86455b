"""The queries of ``docs/reference/graph.md``: each pair gives one answer on both databases."""

import re
import sqlite3
from pathlib import Path

import neo4j
import pytest

from graph.neo4j import Neo4jGraph
from graph.sqlite import SqliteGraph
from ledger.entry import Entry
from ledger.projection import Cursor
from tests.conformance.entries import cursor, numbered, run_logged, run_started, use

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "graph.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)


def history() -> list[Entry]:
    data = [use("digits-train", "d1"), use("digits-test", "d1", role="evaluation")]
    model = [use("model", "m1", role="model")]
    statement = {"policy": {"digest": "sha256:1"}, "baseline": {"run_ids": ["base"]}}
    verdict = {"verdict_id": "v1", "policy_name": "release", "run_ids": ["tuned"]}
    said = [
        ("run.started", run_started("base", uses=data)),
        ("run.logged", run_logged("base", params={"lr": "0.1"}, tags={"note": "first"})),
        ("run.outputs_logged", {"run_id": "base", "generates": model}),
        ("run.started", run_started("other", uses=[use("digits-train", "d2")])),
        ("run.updated", {"run_id": "base", "status": "FINISHED", "end_time": 5}),
        ("run.tag_deleted", {"run_id": "base", "key": "note"}),
        ("run.updated", {"run_id": "base", "status": "FAILED"}),
        ("run.started", run_started("tuned", uses=[use("model", "m1", role="base_model")])),
        ("policy.applied", {"name": "release", "digest": "sha256:1", "document": {}}),
        ("verdict.recorded", verdict | {"outcome": "PASS", "statement": statement}),
    ]
    return numbered([(type_, "default", payload) for type_, payload in said])


@pytest.fixture
def answers(tmp_path: Path, neo4j_url: str) -> list[tuple[list[object], list[object]]]:
    """What each pair of queries answers: (Neo4j, SQLite)."""
    entries = history()
    small, large = SqliteGraph(tmp_path / "graph.db"), Neo4jGraph(neo4j_url)
    large.reset()
    for store in (small, large):
        store.apply(entries, old=Cursor(), new=cursor(len(entries)))
        store.close()
    with neo4j.GraphDatabase.driver(neo4j_url) as driver:
        cypher = [
            [tuple(record.values()) for record in driver.execute_query(query).records]  # type: ignore[arg-type]
            for query in blocks("cypher")
        ]
    db = sqlite3.connect(tmp_path / "graph.db")
    sql = [db.execute(query).fetchall() for query in blocks("sql")]
    db.close()
    return list(zip(cypher, sql, strict=True))


def test_the_two_languages_agree(
    request: pytest.FixtureRequest,
) -> None:
    if "neo4j" not in str(request.config.getoption("--graph")).split(","):
        pytest.skip("--graph leaves Neo4j out")
    answers = request.getfixturevalue("answers")
    assert len(answers) == 5
    for cypher, sql in answers:
        assert cypher
        assert cypher == sql
    used, upstream, touched, past, judged = (cypher for cypher, _ in answers)
    assert [row[:3] for row in used] == [
        ("n-base", "FAILED", "0.1"),
        ("n-other", "RUNNING", None),
    ]
    assert ("run:base",) in upstream
    assert touched == [("run:base",), ("run:tuned",)]
    assert ("status", "FINISHED") in past
    assert ("tags.note", "first") not in past
    assert judged == [
        ("v1", "release", "PASS", "baseline", "run:base"),
        ("v1", "release", "PASS", "candidate", "run:tuned"),
    ]
