"""Runs, experiments and artifacts over GraphQL."""

import base64

import pytest

from tests.schema.conftest import History
from tests.schema.recorded import run_id


def test_a_page_of_runs_with_all_that_belongs_to_them(history: History) -> None:
    data = history.data(
        """{ runs(first: 2, filter: "params.alpha = '0.01'") { totalCount
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          edges { cursor node { runId } }
          nodes { id runId name status lifecycle user seed startTime endTime leafIndex
            params { key value } tags { key value }
            metrics(keys: ["accuracy"]) { key last lastText lastStep lastAt min max mean count }
            experiment { name experimentId tags { key value } }
            inputs { role facet tags { key value }
              artifact { name digest kind strength algorithm uri } }
            outputs { role } parents { id } children { id } } } }"""
    )
    runs = data["runs"]
    assert runs["totalCount"] == 4
    assert runs["pageInfo"]["hasNextPage"] is True
    assert [edge["cursor"] for edge in runs["edges"]] == [
        runs["pageInfo"]["startCursor"],
        runs["pageInfo"]["endCursor"],
    ]
    run = runs["nodes"][0]
    assert base64.b64decode(run["id"]).decode() == f"Run:{run['runId']}"
    assert (run["status"], run["lifecycle"], run["user"]) == ("FINISHED", "active", "ada")
    assert run["startTime"] == "2023-11-14T22:13:20.000Z"
    assert run["seed"] == "0"
    assert run["params"] == [{"key": "alpha", "value": "0.01"}, {"key": "seed", "value": "0"}]
    assert run["metrics"][0]["last"] == 0.9
    assert run["metrics"][0]["lastText"] == "0.9"
    assert run["experiment"]["name"] == "digits"
    assert [use["role"] for use in run["inputs"]] == ["training", "evaluation"] or [
        use["role"] for use in run["inputs"]
    ] == ["evaluation", "training"]
    assert {use["facet"] for use in run["inputs"]} == {"TRAIN_DATA", "EVAL_DATA"}
    assert run["inputs"][0]["artifact"]["strength"] == "CONTENT"


def test_cursors_walk_through_all_runs(history: History) -> None:
    query = """query Q($after: String, $order: RunOrder!) {
      runs(first: 5, after: $after, orderBy: $order) {
        nodes { runId } pageInfo { endCursor hasNextPage } } }"""
    walks: dict[str, list[str]] = {}
    for order in ("RECORDED_ASC", "RECORDED_DESC"):
        after, found = None, []
        while True:
            runs = history.data(query, after=after, order=order)["runs"]
            found += [node["runId"] for node in runs["nodes"]]
            if not runs["pageInfo"]["hasNextPage"]:
                break
            after = runs["pageInfo"]["endCursor"]
        walks[order] = found
    assert walks["RECORDED_ASC"] == [each for ids in history.runs.values() for each in ids]
    assert walks["RECORDED_DESC"] == walks["RECORDED_ASC"][::-1]


def test_one_run_by_either_id_and_as_of_the_past(history: History) -> None:
    first = history.runs["baseline"][0]
    query = (
        "query Q($id: ID!, $at: LedgerPointInput) "
        "{ run(id: $id, asOf: $at) { id status leafIndex metrics { key } experiment { name } } }"
    )
    run = history.data(query, id=first)["run"]
    assert history.data(query, id=run["id"])["run"] == run
    then = {"treeSize": int(run["leafIndex"]) + 1}
    past = history.data(query, id=first, at=then)["run"]
    assert (past["status"], past["metrics"]) == ("RUNNING", [])
    assert past["experiment"]["name"] == "digits"
    assert history.code(query, id=first, at={"treeSize": run["leafIndex"]}) == "NOT_FOUND"
    assert history.code(query, id=first, at={"treeSize": "999999"}) == "INVALID_ARGUMENT"
    assert history.code(query, id=first, at={"treeSize": -1}) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("project", ["default", "other"])
def test_a_foreign_run_does_not_exist(history: History, project: str) -> None:
    foreign = history.runs["data"][0] if project == "other" else "f" * 32
    body = history.ask("query Q($id: ID!) { run(id: $id) { id } }", project=project, id=foreign)
    assert body["data"] == {"run": None}
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert body["errors"][0]["extensions"]["hint"]
    node = base64.b64encode(f"Run:{foreign}".encode()).decode()
    found = history.data("query Q($id: ID!) { node(id: $id) { id } }", project=project, id=node)
    assert found == {"node": None}
    code = history.code(
        "query Q($id: ID!) { lineage(of: $id) { truncated } }", project=project, id=node
    )
    assert code == "NOT_FOUND"


def test_experiments_hold_their_runs(history: History) -> None:
    data = history.data(
        """{ experiments { totalCount nodes { id name experimentId artifactLocation lifecycle
          createdAt updatedAt leafIndex runs(first: 3, orderBy: RECORDED_DESC) {
            totalCount nodes { runId } } } } }"""
    )
    (experiment,) = data["experiments"]["nodes"]
    assert data["experiments"]["totalCount"] == 1
    assert experiment["runs"]["totalCount"] == 12
    assert experiment["runs"]["nodes"][0]["runId"] == history.runs["both"][3]
    assert experiment["leafIndex"] == "0"


def test_an_artifact_knows_who_used_it(history: History) -> None:
    query = """query Q($id: ID!) { run(id: $id) { inputs { role artifact {
      id artifactId generatedBy { id } usedBy(first: 2) { totalCount nodes { runId }
      pageInfo { hasNextPage } } } } } }"""
    inputs = history.data(query, id=history.runs["data"][0])["run"]["inputs"]
    (train,) = [use["artifact"] for use in inputs if use["role"] == "training"]
    assert train["usedBy"]["totalCount"] == 8
    assert [node["runId"] for node in train["usedBy"]["nodes"]] == history.runs["data"][:2]
    again = history.data("query Q($id: ID!) { artifact(id: $id) { name } }", id=train["id"])
    assert again["artifact"]["name"] == "digits-train"
    assert history.code('query Q { artifact(id: "nope") { name } }') == "NOT_FOUND"


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("params.alpha = '0.01' OR metrics.accuracy > 0.93", ("baseline", "both")),
        ("NOT (params.alpha = '0.01' OR metrics.accuracy > 0.93)", ("data",)),
        ("NOT params.nobody = '1' AND NOT metrics.nobody > 1", ("baseline", "data", "both")),
    ],
)
def test_a_filter_takes_or_not_and_parentheses(
    history: History, text: str, groups: tuple[str, ...]
) -> None:
    query = "query Q($text: String!) { runs(filter: $text, first: 20) { nodes { runId } } }"
    found = [run["runId"] for run in history.data(query, text=text)["runs"]["nodes"]]
    assert sorted(found) == sorted(run for group in groups for run in history.runs[group])


def test_an_error_of_a_filter_names_its_column(history: History) -> None:
    query = """{ runs(filter: "params.a = '1' OR (tags.b = '2'") { totalCount } }"""
    (error,) = history.ask(query)["errors"]
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert "column 32" in error["message"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ runs(first: 1001) { totalCount } }", "INVALID_ARGUMENT"),
        ("{ runs(first: -1) { totalCount } }", "INVALID_ARGUMENT"),
        ('{ runs(after: "x") { totalCount } }', "INVALID_ARGUMENT"),
        ('{ runs(filter: "metrics.") { totalCount } }', "INVALID_ARGUMENT"),
        ('{ run(id: "UG9saWN5Ong=") { id } }', "INVALID_ARGUMENT"),
        ('{ node(id: "x") { id } }', "INVALID_ARGUMENT"),
        ("{ nothing }", "INVALID_ARGUMENT"),
        ("{ runs(", "MALFORMED"),
        ("{ runs { nodes { " + "parents { " * 20 + "id" + " }" * 20 + " } } }", "TOO_COMPLEX"),
        (
            "query A { ledgerPoint { treeSize } } query B { ledgerPoint { treeSize } }",
            "INVALID_ARGUMENT",
        ),
        ("fragment F on Run { id }", "INVALID_ARGUMENT"),
    ],
)
def test_wrong_requests_get_typed_errors(history: History, query: str, code: str) -> None:
    assert history.code(query) == code


def test_a_run_name_is_given_as_it_is(history: History) -> None:
    found = history.data("query Q($id: ID!) { run(id: $id) { name } }", id=run_id("data/1"))
    assert found["run"]["name"] == f"run {run_id('data/1')}"
