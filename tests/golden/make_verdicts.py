"""Writes ``verdicts-<analysis>.jsonl``: a ledger's entries with verdicts of the present analysis.

    .venv/bin/python -m tests.golden.make_verdicts

Run it once when an analysis is new. The files of older analyses are never written again: that they
still come out byte for byte is the test.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from analytics.decision import ANALYSIS
from domain.artifact import artifact_id
from domain.run import RUN_INPUTS_LOGGED, RUN_LOGGED, RUN_OUTPUTS_LOGGED, RUN_UPDATED
from tests.governance.world import BAD, GOOD, World, evaluation_set, training_set

HERE = Path(__file__).parent
CLEAN = (("clean", "c1"), ("clean", "c2"), ("raw", "r1"), ("raw", "r2"))
POLICY = """\
version: 1
metrics:
  accuracy: {direction: higher}
  val/acc: {direction: higher}
  f1: {direction: higher}
policies:
  release:
    rules:
      - {id: accuracy, metric: accuracy, margin: {abs: "0.005"}, min_samples: 3}
      - {id: val, metric: val/acc, margin: {abs: "0.01"}, min_samples: 3, severity: warn}
      - id: f1
        metric: f1
        split: evaluation
        margin: {abs: "0.01"}
        min_samples: 3
        severity: warn
"""


def make(path: Path) -> None:
    """Record the runs, ask for verdicts, keep every entry."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.declare(POLICY)
        for name, before, after in _pairs(world):
            world.ask(after, before, idempotencyKey=name)
        lines = [
            json.dumps(
                {
                    "seq": entry.seq,
                    "type": entry.type,
                    "idem": entry.idem,
                    "at": entry.at,
                    "payload": entry.payload,
                },
                sort_keys=True,
            )
            for entry in world.log.read(0, world.log.head().size)
        ]
        world.close()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pairs(world: World) -> list[tuple[str, list[str], list[str]]]:
    """Pairs whose differences every later search for causes may well name otherwise."""
    base = _runs(world, "base", GOOD)
    world.append(
        "lineage.derived",
        {
            "artifacts": [_data(name, digest) for name, digest in CLEAN],
            "derivations": [
                {"artifact": _id(_data("clean", f"c{n}")), "source": _id(_data("raw", f"r{n}"))}
                for n in (1, 2)
            ],
        },
    )
    for run, data in (("prep-a", "p1"), ("prep-b", "p2")):
        world.start(run, {}, uses=[_use("raw", "TRAIN_DATA", _data("source", "s1"))])
        made = {"run_id": run, "generates": [_use("out", "", _data("prepared", data))]}
        world.append(RUN_OUTPUTS_LOGGED, made)
    derived = [
        _runs(world, f"derived{n}", GOOD, _use("training", "TRAIN_DATA", _data("clean", f"c{n}")))
        for n in (1, 2)
    ]
    packages = [
        _runs(world, f"env{n}", GOOD, _use("environment", "ENVIRONMENT", _packages(version)))
        for n, version in enumerate(("1.0", "2.0"))
    ]
    prepared = [
        _runs(world, f"made{n}", GOOD, _use("training", "TRAIN_DATA", _data("prepared", f"p{n}")))
        for n in (1, 2)
    ]
    worse = _runs(world, "worse", BAD, training_set("x"))
    tagged = _runs(world, "tagged", GOOD, dataset="digits-test")
    measured = [_runs(world, f"measured{n}", GOOD, f1=f1) for n, f1 in enumerate(("0.75", "0.625"))]
    child = _runs(world, "child", GOOD)
    for run in child:
        parent: dict[str, Any] = {
            "run_id": run,
            "metrics": [],
            "params": {},
            "tags": {},
            "uses": [],
        }
        world.append(RUN_LOGGED, {**parent, "parent_run_id": "prep-a"})
    return [
        ("same", base, _runs(world, "again", GOOD)),
        ("worse", base, worse),
        ("derived", derived[0], derived[1]),
        ("packages", packages[0], packages[1]),
        ("prepared", prepared[0], prepared[1]),
        ("parent", base, child),
        ("tagged", base, tagged),
        ("measured", measured[0], measured[1]),
        ("one", base[:1], worse[:1]),
    ]


def _runs(
    world: World,
    prefix: str,
    values: tuple[float, ...],
    *uses: Any,
    dataset: str = "",
    f1: str = "",
) -> list[str]:
    """Runs with a metric of a split; on a dataset if one is named, ``f1`` on the evaluation set."""
    runs = world.batch(f"{prefix}-", values, uses=[evaluation_set(), *uses])
    for run in runs:
        point: dict[str, Any] = {"key": "val/acc", "value": "0.5", "step": 0, "timestamp": 0}
        if dataset:
            point |= {"dataset_name": dataset, "dataset_digest": "aaaa1111"}
        points = [point]
        if f1:
            on = evaluation_set()["artifact"]
            of = {"dataset_name": on["name"], "dataset_digest": on["digest"]}
            points.append({"key": "f1", "value": f1, "step": 0, "timestamp": 0, **of})
        logged: dict[str, Any] = {"run_id": run, "params": {}, "tags": {}, "uses": []}
        world.append(RUN_LOGGED, {**logged, "metrics": points})
        world.append(RUN_INPUTS_LOGGED, {"run_id": run, "uses": []})
        world.append(RUN_UPDATED, {"run_id": run, "status": "FINISHED"})
    return runs


def _data(name: str, digest: str) -> dict[str, Any]:
    return {
        "kind": "DATASET",
        "name": name,
        "digest": digest,
        "algorithm": "mlflow.pandas",
        "strength": "SAMPLED",
        "attributes": {"profile": json.dumps({"num_rows": len(digest) + int(digest[-1])})},
    }


def _packages(version: str) -> dict[str, Any]:
    return {
        "kind": "ENVIRONMENT",
        "name": "requirements.txt",
        "digest": version,
        "algorithm": "packages",
        "strength": "SAMPLED",
        "attributes": {"packages": json.dumps({"numpy": version})},
    }


def _use(role: str, facet: str, artifact: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "facet": facet, "artifact": artifact}


def _id(artifact: Any) -> str:
    return artifact_id("default", artifact)


if __name__ == "__main__":
    make(HERE / f"verdicts-{ANALYSIS.replace('/', '-')}.jsonl")
