"""Two versions of an artifact held against each other."""

import json
from collections.abc import Callable

import pytest

from domain.artifact import ArtifactUse, artifact_id
from tests.schema.conftest import History

QUERY = """
query Difference($before: ID!, $after: ID!) {
  artifactDiff(before: $before, after: $after) {
    before { name digest } after { digest } level strength reason
    changes { kind name before after }
  }
}
"""


def version(digest: str, rows: int, *columns: str) -> ArtifactUse:
    schema = {"mlflow_colspec": [{"name": name, "type": "long"} for name in columns]}
    return {
        "role": "training",
        "facet": "TRAIN_DATA",
        "artifact": {
            "kind": "DATASET",
            "name": "census",
            "digest": digest,
            "algorithm": "mlflow.pandas",
            "strength": "SAMPLED",
            "attributes": {
                "profile": json.dumps({"num_rows": rows}),
                "schema": json.dumps(schema),
            },
        },
    }


@pytest.fixture(scope="module")
def two(new_history: Callable[[], History]) -> tuple[History, str, str]:
    history = new_history()
    versions = version("d1", 10, "age", "sex"), version("d2", 12, "age")
    for index, each in enumerate(versions):
        history.recorder.run(str(index) * 32, uses=[each])
    history.recorder.catch_up()
    first, second = (artifact_id("default", each["artifact"]) for each in versions)
    return history, first, second


def test_what_changed_between_two_versions(two: tuple[History, str, str]) -> None:
    history, first, second = two
    found = history.data(QUERY, before=first, after=second)["artifactDiff"]
    assert (found["level"], found["strength"]) == ("BROKEN", "SAMPLED")
    assert found["before"]["name"] == "census"
    assert found["changes"] == [
        {"kind": "ROWS", "name": "", "before": "10", "after": "12"},
        {"kind": "COLUMN", "name": "sex", "before": "long", "after": None},
    ]


def test_a_version_and_itself_are_equal(two: tuple[History, str, str]) -> None:
    history, first, _ = two
    found = history.data(QUERY, before=first, after=first)["artifactDiff"]
    assert (found["level"], found["changes"]) == ("ASSUMED", [])


def test_a_version_that_is_not_there(two: tuple[History, str, str]) -> None:
    history, first, _ = two
    assert history.code(QUERY, before=first, after="nothing") == "NOT_FOUND"
