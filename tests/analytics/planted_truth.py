"""Planted truth: real training on bundled data, with a known difference between any two variants.

Raw images go through a preparation run into training and evaluation data; a training run uses both,
with a commit and an environment. A variant changes exactly what its name says.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

from domain.artifact import artifact_id
from ingest.environment_files import package_use
from tests.analytics.world import World, code, model, use

SEEDS = 3


@dataclass(frozen=True)
class Setup:
    """Everything that makes a run, but for its seed."""

    rows: int = 1_400
    """Of the raw data: a shared upstream of training and evaluation."""
    scale: str = "16"
    """A parameter of the preparation: training and evaluation data are derived by it."""
    noise: int = 0
    """Training labels that are wrong; not zero means that the data came from elsewhere."""
    alpha: str = "0.0001"
    commit: str = "c1"
    environment: str = "lock1"
    hidden: int = 2_000
    """Rows after which training stops; nobody records it."""
    packages: str = "1.7"
    """Version of a package in the environment's requirements."""
    stage: bool = False
    """Whether the training data goes through one job more, which only adds to it."""
    source: str = "s1"
    """What the raw data was derived from, by nobody's run."""
    base: str = ""
    """The model that training begins with; empty for none."""


BASE = Setup()
VARIANTS: dict[str, tuple[Setup, set[str]]] = {
    "nothing": (BASE, set()),
    "param": (replace(BASE, alpha="0.1"), {"alpha"}),
    "derived": (replace(BASE, scale="64"), {"scale"}),
    "upstream": (replace(BASE, rows=900), {"raw"}),
    "data": (replace(BASE, noise=400), {"training"}),
    "code": (replace(BASE, commit="c2"), {"code"}),
    "environment": (replace(BASE, environment="lock2"), {"environment"}),
    "two": (replace(BASE, alpha="0.1", noise=400), {"alpha", "training"}),
    "far and near": (replace(BASE, scale="64", commit="c2"), {"scale", "code"}),
    "hidden": (replace(BASE, hidden=60), set()),
    "package": (replace(BASE, packages="1.8"), {"environment"}),
    "stage": (replace(BASE, stage=True), {"job"}),
    "derivation": (replace(BASE, source="s2", rows=1_100), {"source"}),
    "base model": (replace(BASE, base="tuned"), {"model"}),
    "stage and param": (replace(BASE, stage=True, alpha="0.1"), {"job", "alpha"}),
}
"""Each variant with the roles or parameters of its recorded causes."""


@dataclass
class Planted:
    """A world of variants."""

    world: World = field(default_factory=World)
    runs: dict[str, list[str]] = field(default_factory=dict)

    def variant(self, name: str, setup: Setup, *, first_seed: int = 0) -> list[str]:
        """Train and record one run for each seed; their ids."""
        prepared = self._prepared(name, setup)
        self.runs[name] = [
            self.world.run(
                f"{name}-{seed}".replace(" ", "-"),
                *prepared,
                code(setup.commit),
                use("environment", "ENVIRONMENT", "uv.lock", setup.environment, kind="ENVIRONMENT"),
                package_use("requirements.txt", {"scikit-learn": setup.packages}, whole=False),
                *([model(setup.base)] if setup.base else []),
                params={"alpha": setup.alpha, "seed": str(seed)},
                metrics={"acc": accuracy(setup, seed)},
            )
            for seed in range(first_seed, first_seed + SEEDS)
        ]
        return self.runs[name]

    def _prepared(self, name: str, setup: Setup) -> Sequence[Any]:
        train, test = arrays(setup)
        data = _content("training", "TRAIN_DATA", "digits-train", train)
        held_out = _content("evaluation", "EVAL_DATA", "digits-test", test)
        raw = _content("raw", "TRAIN_DATA", "digits-raw", [load()[0][: setup.rows]])
        source = use("origin", "TRAIN_DATA", "source", setup.source, kind="FILE")
        derived: Any = {
            "artifacts": [raw["artifact"], source["artifact"]],
            "derivations": [
                {
                    "artifact": artifact_id("default", raw["artifact"]),
                    "source": artifact_id("default", source["artifact"]),
                }
            ],
        }
        if setup.rows != 900:
            self.world.record("lineage.derived", derived)
        generated = [held_out] if setup.noise else [data, held_out]
        self.world.run(
            f"prepare-{name}".replace(" ", "-"),
            raw,
            params={"scale": setup.scale},
            generates=generated,
            job="prepare.py",
        )
        if setup.stage:
            checked = _content("training", "TRAIN_DATA", "digits-checked", [*train, load()[1]])
            self.world.run(f"check-{len(self.runs)}", data, generates=[checked], job="check.py")
            data = checked
        return data, held_out


def planted() -> Planted:
    """Every variant, recorded."""
    found = Planted()
    for name, (setup, _) in VARIANTS.items():
        found.variant(name, setup, first_seed=SEEDS if name == "nothing" else 0)
    found.variant("base", BASE)
    return found


@cache
def load() -> tuple[Any, Any]:
    return load_digits(return_X_y=True)


def arrays(setup: Setup) -> tuple[list[Any], list[Any]]:
    """Training and evaluation data as the preparation makes them."""
    images, labels = load()
    scaled = images[: setup.rows] / float(setup.scale)
    cut = setup.rows * 3 // 4
    wrong = labels[:cut].copy()
    wrong[: setup.noise] = (wrong[: setup.noise] + 1) % 10
    return [scaled[:cut], wrong], [scaled[cut:], labels[cut : setup.rows]]


@cache
def accuracy(setup: Setup, seed: int) -> float:
    """Really trained, on one thread, from the seed."""
    (images, labels), (test, truth) = arrays(setup)
    model = SGDClassifier(alpha=float(setup.alpha), max_iter=20, tol=None, random_state=seed)
    model.fit(images[: setup.hidden], labels[: setup.hidden])
    return float(model.score(test, truth))


def _content(role: str, facet: str, name: str, parts: Sequence[Any]) -> Any:
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    text = f"sha256:{digest.hexdigest()}"
    return use(role, facet, name, text, algorithm="sha256", strength="CONTENT")
