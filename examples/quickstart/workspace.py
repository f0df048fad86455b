"""The team's side of the quickstart: a git repository with a training script, and data files."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

TRAINING = Path(__file__).parent / "training"
SEEDS = 10


@dataclass(frozen=True)
class Variant:
    """One thing that the team tries."""

    name: str
    story: str
    commit: str = "first"
    alpha: float = 0.002
    train_data: str = "train-v1.npz"
    eval_data: str = "test-v1.npz"


VARIANTS = (
    Variant("baseline", "what runs in production"),
    Variant("refactor", "the same training, written differently", commit="refactored"),
    Variant("alpha", "a slightly worse hyper-parameter", alpha=0.0035),
    Variant("damaged", "class 8 cut to 10 rows", train_data="train-v2.npz"),
    Variant("both", "the damaged data and the worse hyper-parameter", alpha=0.0035,
            train_data="train-v2.npz"),
    Variant("newtest", "another evaluation set", eval_data="test-v2.npz"),
)  # fmt: skip


class Workspace:
    """A folder with one checkout per commit and the data files beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkouts = {name: folder / name for name in ("first", "refactored")}

    def prepare(self) -> None:
        """Write the data files and make the two commits."""
        self._write_data()
        first = self.checkouts["first"]
        first.mkdir(parents=True)
        for source in sorted(TRAINING.glob("*.py")):
            (first / source.name).write_bytes(source.read_bytes())
        self._git(first, "init", "-q", "-b", "main")
        self._commit(first, "Train on digits")
        refactored = self.checkouts["refactored"]
        self._git(self.folder, "clone", "-q", str(first), str(refactored))
        script = refactored / "train.py"
        script.write_text(re.sub(r"\bmodel\b", "classifier", script.read_text()))
        self._commit(refactored, "Say classifier where we said model")

    def start(self, variants: Sequence[Variant], url: str) -> subprocess.Popen[str]:
        """Start training these variants of one commit, logged to ``url`` by MLflow's client.

        The process prints each variant's name when its runs are done.
        """
        (commit,) = {variant.commit for variant in variants}
        names = "-".join(variant.name for variant in variants)
        plan = self.folder / f"{names}.json"
        plan.write_text(json.dumps([self._plan(variant) for variant in variants], indent=1))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "MLFLOW_TRACKING_URI": url,
            "OMP_NUM_THREADS": "1",
        }
        return subprocess.Popen(
            [sys.executable, "train.py", str(plan), "--seeds", str(SEEDS)],
            cwd=self.checkouts[commit],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=(self.folder / f"{names}.log").open("wb"),
            text=True,
        )

    def _plan(self, variant: Variant) -> dict[str, str | float]:
        return {
            "name": variant.name,
            "alpha": variant.alpha,
            "train_data": str(self.folder / variant.train_data),
            "eval_data": str(self.folder / variant.eval_data),
        }

    def _write_data(self) -> None:
        self.folder.mkdir(parents=True)
        features, labels = load_digits(return_X_y=True)
        train_x, test_x, train_y, test_y = train_test_split(
            features / 16, labels, test_size=0.4, random_state=0, stratify=labels
        )
        kept = np.sort(np.r_[np.flatnonzero(train_y != 8), np.flatnonzero(train_y == 8)[:10]])
        self._save("train-v1.npz", train_x, train_y)
        self._save("train-v2.npz", train_x[kept], train_y[kept])
        self._save("test-v1.npz", test_x, test_y)
        self._save("test-v2.npz", test_x[::2], test_y[::2])

    def _save(self, name: str, features: np.ndarray, labels: np.ndarray) -> None:
        np.savez(self.folder / name, features=features, labels=labels)

    def _commit(self, checkout: Path, message: str) -> None:
        self._git(checkout, "add", ".")
        who = ["-c", "user.name=quickstart", "-c", "user.email=quickstart@example.invalid"]
        self._git(checkout, *who, "commit", "-q", "-m", message)

    def _git(self, folder: Path, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)
