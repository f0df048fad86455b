"""Splits of metrics that were logged on a dataset, by what the run used the dataset as."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analytics.comparison import compare
from analytics.metric_rows import PointRow
from domain.artifact import ArtifactUse
from domain.metric import Direction, MetricDefinition
from tests.analytics.world import World, use
from tests.governance.world import World as Folder

HELD_OUT, OTHER = ("held-out", "8f3a11c2"), ("other", "77777777")
DEFINITIONS = {"acc": MetricDefinition("acc", Direction.HIGHER)}
SHA256 = "ab" * 32
POLICY = """\
version: 1
metrics:
  acc: {direction: higher}
policies:
  release:
    min_comparability: unknown
    rules:
      - {id: held-out, metric: acc, split: validation, margin: {abs: "0.005"}, min_samples: 3}
      - {id: floor, assert: 'run.metrics["validation/acc"] > 0.85'}
"""


def used_as(context: str, dataset: tuple[str, str] = HELD_OUT, **more: str) -> ArtifactUse:
    return use(context, "", *dataset, **more)


def on(run: str, dataset: tuple[str, str], value: float, key: str = "acc", seq: int = 0) -> Any:
    return PointRow(run, key, 0, 0, value, seq, 0, None, *dataset)


def world_of(uses: Sequence[ArtifactUse], *points: tuple[tuple[str, str], float, str]) -> World:
    """A baseline and a candidate that is worse by 0.1 on every dataset."""
    world = World()
    for run, less in (("b", 0.0), ("c", 0.1)):
        world.run(run, *uses, metrics={key: value - less for _, value, key in points})
        world.on_datasets[run] = [
            on(run, dataset, value - less, key, seq)
            for seq, (dataset, value, key) in enumerate(points)
        ]
    return world


def deltas(world: World, analysis: str = "welch-holm/4") -> dict[str, tuple[str, float | None]]:
    found = compare(
        world.facts(["b"]),
        world.facts(["c"]),
        definitions=DEFINITIONS,
        criteria={},
        graph=world.graph,
        as_of=world.size,
        analysis=analysis,
    )
    return {delta.key.name: (delta.key.split, delta.oriented) for delta in found.deltas}


@pytest.mark.parametrize("context", ["validation", "Validation", "test", "eval"])
def test_what_the_dataset_was_used_as_is_the_split(context: str) -> None:
    found = deltas(world_of([used_as(context)], (HELD_OUT, 0.9, "acc")))
    split = context.lower()
    assert found == {
        "acc": ("", pytest.approx(-0.1)),
        f"{split}/acc": (split, pytest.approx(-0.1)),
    }


def test_one_metric_on_two_datasets_is_two_splits() -> None:
    uses = [used_as("validation"), used_as("train", OTHER)]
    world = world_of(uses, (HELD_OUT, 0.8, "acc"), (OTHER, 0.95, "acc"))
    (facts,) = world.facts(["b"])
    assert {key: each.last for key, each in facts.measured.items()} == {
        "train/acc": 0.95,
        "validation/acc": 0.8,
    }
    assert list(deltas(world)) == ["acc", "train/acc", "validation/acc"]


@pytest.mark.parametrize(
    "uses",
    [
        [],
        [used_as("input")],
        [used_as("validation", ("held-out", "another"))],
        [used_as("validation"), used_as("train")],
    ],
    ids=["unused", "no split", "another version", "two splits"],
)
def test_what_does_not_tell_a_split_is_not_guessed(uses: list[ArtifactUse]) -> None:
    assert list(deltas(world_of(uses, (HELD_OUT, 0.9, "acc")))) == ["acc"]


def test_two_datasets_of_one_split_are_not_mixed() -> None:
    uses = [used_as("validation"), used_as("validation", OTHER)]
    world = world_of(uses, (HELD_OUT, 0.8, "acc"), (OTHER, 0.95, "acc"), (OTHER, 0.5, "loss"))
    assert list(deltas(world)) == ["acc", "loss", "validation/loss"]


def test_what_was_logged_under_the_split_s_name_stays() -> None:
    world = world_of([used_as("validation")], (HELD_OUT, 0.9, "acc"), (HELD_OUT, 0.2, "val_f1"))
    world.series["b", "validation/acc"] = [(0, 0, 0.5)]
    found = deltas(world)
    assert list(found) == ["acc", "val_f1", "validation/acc"]
    assert found["validation/acc"] == ("validation", pytest.approx(0.8 - 0.5))


def test_a_digest_of_the_bytes_is_known_however_it_is_written() -> None:
    stored = used_as("test", ("held-out", SHA256), algorithm="sha256", strength="CONTENT")
    given = ("held-out", f"sha256:{SHA256.upper()}")
    assert list(deltas(world_of([stored], (given, 0.9, "acc")))) == ["acc", "test/acc"]


@pytest.mark.parametrize("analysis", ["welch-holm/1", "welch-holm/2", "welch-holm/3"])
def test_older_analyses_know_nothing_of_it(analysis: str) -> None:
    assert list(deltas(world_of([used_as("test")], (HELD_OUT, 0.9, "acc")), analysis)) == ["acc"]


@pytest.mark.parametrize(("worse", "status"), [("0.7", "FAIL"), ("0.9", "PASS")])
def test_a_gate_judges_the_split(tmp_path: Path, worse: str, status: str) -> None:
    folder = Folder(tmp_path)
    folder.declare(POLICY)
    sides = []
    for side, value in (("b", "0.9"), ("c", worse)):
        runs = [folder.start(f"{side}{n}", {}, params={"seed": str(n)}) for n in range(3)]
        for run in runs:
            dataset = {"dataset_name": HELD_OUT[0], "dataset_digest": HELD_OUT[1]}
            point = {"key": "acc", "value": value, "step": 0, "timestamp": 0, **dataset}
            logged = {"run_id": run, "params": {}, "tags": {}, "uses": [used_as("validation")]}
            folder.append("run.logged", {**logged, "metrics": [point]})
        sides.append(runs)
    statement = folder.ask(sides[1], sides[0]).statement
    found = {rule["id"]: rule["status"] for rule in statement["rules"]}
    assert found == {"held-out": status, "floor": status}
    folder.close()
