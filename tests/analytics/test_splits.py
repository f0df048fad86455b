"""Splits that a metric's name tells, their definitions, and rules that name one."""

from pathlib import Path

import pytest

from analytics.criterion import Criterion
from analytics.splits import Split, split_of
from domain.metric import Direction, MetricDefinition, Reducer
from tests.analytics.world import World
from tests.governance.world import BAD, GOOD
from tests.governance.world import World as Folder

POLICY = """\
version: 1
metrics:
  acc: {direction: higher}
policies:
  release:
    min_comparability: unknown
    rules:
      - {id: val, metric: acc, split: val, margin: {abs: "0.005"}, min_samples: 3}
"""


@pytest.mark.parametrize(
    ("key", "split", "metric"),
    [
        ("val/acc", "val", "acc"),
        ("test_acc", "test", "acc"),
        ("Train.loss", "train", "loss"),
        ("training_accuracy_score", "training", "accuracy_score"),
        ("valid_0-auc", "valid", "auc"),
        ("eval_loss", "eval", "loss"),
        ("acc", "", "acc"),
        ("testing", "", "testing"),
        ("value_of_it", "", "value_of_it"),
        ("val/", "", "val/"),
        ("best_val_acc", "", "best_val_acc"),
    ],
)
def test_what_a_key_tells(key: str, split: str, metric: str) -> None:
    assert split_of(key) == Split(split, metric)


def test_a_split_takes_over_what_is_declared_of_its_metric() -> None:
    world = World()
    for side, value in (("b", 0.9), ("c", 0.8)):
        world.run(side, metrics={"acc": value, "val/acc": value, "test_loss": value})
    definitions = {
        "acc": MetricDefinition("acc", Direction.HIGHER, reducer=Reducer.MAX),
        "loss": MetricDefinition("loss", Direction.LOWER),
        "test_loss": MetricDefinition("test_loss", Direction.HIGHER),
    }
    deltas = world.compare(["b"], ["c"], definitions=definitions).deltas
    found = {delta.key.name: delta for delta in deltas}
    assert {name: delta.key.split for name, delta in found.items()} == {
        "acc": "",
        "val/acc": "val",
        "test_loss": "test",
    }
    assert found["val/acc"].oriented == found["acc"].oriented
    assert found["val/acc"].key.reducer is Reducer.MAX
    assert found["test_loss"].definition.direction is Direction.HIGHER


def test_a_criterion_of_a_split_is_that_of_its_key() -> None:
    world = World()
    for side in ("b", "c"):
        for index in range(3):
            params = {"seed": str(index), "lr": side}
            metrics = {"acc": 0.9 + index / 1000, "val_acc": 0.9 + index / 1000}
            world.run(f"{side}{index}", params=params, metrics=metrics)
    before, after = ([f"{side}{index}" for index in range(3)] for side in ("b", "c"))
    criterion = Criterion("acc", "0.5", split="val")
    definitions = {"acc": MetricDefinition("acc", Direction.HIGHER)}
    (cause,) = world.compare(before, after, criterion, definitions).causes
    found = {effect.metric.name: effect.attribution.value for effect in cause.effects}
    assert found == {"acc": "SOLE", "val_acc": "NO_EFFECT"}


@pytest.mark.parametrize(
    ("logged", "status"),
    [
        (["val/acc"], "FAIL"),
        (["val_acc"], "FAIL"),
        (["test/acc"], "MISSING"),
        (["val/acc", "val_acc"], "ERROR"),
    ],
)
def test_a_rule_names_a_split(tmp_path: Path, logged: list[str], status: str) -> None:
    folder = Folder(tmp_path)
    folder.declare(POLICY)
    sides = [
        [
            folder.start(f"{side}{seed}", dict.fromkeys(logged, value), params={"seed": str(seed)})
            for seed, value in enumerate(values)
        ]
        for side, values in (("b", GOOD), ("c", BAD))
    ]
    statement = folder.ask(sides[1], sides[0]).statement
    (rule,) = statement["rules"]
    assert (rule["status"], rule.get("split")) == (status, "val")
    folder.close()
