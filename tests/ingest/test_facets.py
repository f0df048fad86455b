"""The table from a client's words to facets."""

import json
import re
from pathlib import Path

import pytest

from domain.errors import ErrorCode, UsageError
from domain.facet import Facet
from ingest.facets import (
    DATASET_CONTEXTS,
    FACET_KINDS,
    SCHEMA_ALGORITHMS,
    dataset_use,
    model_use,
    tag_uses,
)

HEX = "0123456789abcdef" * 4
DOCS = Path(__file__).parent.parent.parent / "docs" / "reference" / "facets.md"


def dataset(context: str = "", digest: str = "1a2b", schema: str = "{}"):
    return dataset_use(
        name="d", digest=digest, context=context, attributes={"schema": schema}, tags={}
    )


@pytest.mark.parametrize(
    ("context", "role", "facet"),
    [
        ("training", "training", "TRAIN_DATA"),
        ("train", "training", "TRAIN_DATA"),
        ("evaluation", "evaluation", "EVAL_DATA"),
        ("eval", "eval", "EVAL_DATA"),
        ("test", "test", "EVAL_DATA"),
        ("validation", "validation", "EVAL_DATA"),
        ("Training", "training", "TRAIN_DATA"),
        ("calibration", "calibration", ""),
        ("", "input", ""),
    ],
)
def test_a_context_is_a_role_and_perhaps_a_facet(context: str, role: str, facet: str) -> None:
    use = dataset(context)
    assert (use["role"], use["facet"], use["artifact"]["kind"]) == (role, facet, "DATASET")


@pytest.mark.parametrize(
    ("digest", "schema", "algorithm", "strength", "kept"),
    [
        ("1a2b", json.dumps({"mlflow_tensorspec": {}}), "mlflow.numpy", "SAMPLED", "1a2b"),
        ("1a2b", json.dumps({"mlflow_colspec": []}), "mlflow.pandas", "SAMPLED", "1a2b"),
        ("1a2b", "{}", "mlflow", "SAMPLED", "1a2b"),
        ("1a2b", "not json", "mlflow", "SAMPLED", "1a2b"),
        ("1a2b", "[" * 100_000, "mlflow", "SAMPLED", "1a2b"),
        (HEX, "{}", "sha256", "CONTENT", HEX),
        (f"sha256:{HEX.upper()}", "{}", "sha256", "CONTENT", HEX),
        (HEX[:-1], "{}", "mlflow", "SAMPLED", HEX[:-1]),
    ],
)
def test_how_strongly_a_dataset_is_identified(
    digest: str, schema: str, algorithm: str, strength: str, kept: str
) -> None:
    artifact = dataset(digest=digest, schema=schema)["artifact"]
    assert (artifact["algorithm"], artifact["strength"]) == (algorithm, strength)
    assert artifact["digest"] == kept


def test_a_model_is_the_same_one_where_it_is_made_and_where_it_is_used() -> None:
    made, used = model_use("m-1", facet=None, step=3), model_use("m-1", facet=Facet.BASE_MODEL)
    assert made["artifact"] == used["artifact"]
    assert (made["facet"], used["facet"]) == ("", "BASE_MODEL")
    assert (made["artifact"]["algorithm"], made["artifact"]["strength"]) == ("version", "NAMED")


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"mlflow.source.git.repoURL": "git@x:y", "mlflow.source.name": "t.py"}, "git@x:y"),
        ({"mlflow.source.name": "t.py"}, "t.py"),
        ({}, "unknown"),
    ],
)
def test_a_commit_is_training_code(tags: dict[str, str], name: str) -> None:
    (use,) = tag_uses(
        {**tags, "mlflow.source.git.commit": "abc"}, ["mlflow.source.git.commit", *tags]
    )
    assert use == {
        "role": "code",
        "facet": "TRAIN_CODE",
        "artifact": {
            "kind": "CODE",
            "name": name,
            "digest": "abc",
            "algorithm": "git.commit",
            "strength": "NAMED",
        },
    }


def test_only_changed_tags_say_something() -> None:
    tags = {"mlflow.source.git.commit": "abc", "lineproof.facet.eval_code": "v1", "x": "y"}
    assert tag_uses(tags, ["x"]) == []


@pytest.mark.parametrize("facet", sorted(FACET_KINDS))
def test_a_tag_may_state_a_facet(facet: Facet) -> None:
    key = f"lineproof.facet.{facet.lower()}"
    (named,) = tag_uses({key: "v1"}, [key])
    (hashed,) = tag_uses({key: f"sha256:{HEX}"}, [key])
    assert named["role"] == f"facet.{facet.lower()}"
    assert (named["facet"], named["artifact"]["kind"]) == (facet, FACET_KINDS[facet])
    assert (named["artifact"]["strength"], hashed["artifact"]["strength"]) == ("NAMED", "CONTENT")
    assert (named["artifact"]["digest"], hashed["artifact"]["digest"]) == ("v1", HEX)


@pytest.mark.parametrize("name", ["", "nonsense", "params", "seed"])
def test_a_tag_that_states_no_known_facet_is_refused(name: str) -> None:
    key = f"lineproof.facet.{name}"
    with pytest.raises(UsageError) as caught:
        tag_uses({key: "v1"}, [key])
    assert caught.value.code is ErrorCode.INVALID_ARGUMENT
    assert "eval_code" in caught.value.hint


def test_the_documentation_shows_the_whole_table() -> None:
    words = set(re.findall(r"`([^`]+)`", DOCS.read_text()))
    tags = {f"lineproof.facet.{facet.lower()}" for facet in FACET_KINDS}
    assert set(DATASET_CONTEXTS) | set(SCHEMA_ALGORITHMS) | tags <= words
    assert set(SCHEMA_ALGORITHMS.values()) | {kind.value for kind in FACET_KINDS.values()} <= words
