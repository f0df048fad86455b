"""Writes digits_accuracies.json: the test accuracy of 200 seeds of one unchanged training.

scikit-learn's bundled digits, one stratified split, standardised, SGDClassifier with its defaults.
Run ``python tests/golden/make_digits_accuracies.py`` to make the file again (half a minute).
"""

import json
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

SEEDS = 200


def accuracies() -> list[str]:
    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        digits.data, digits.target, test_size=0.3, random_state=0, stratify=digits.target
    )
    scaler = StandardScaler().fit(train_x)
    train_x, test_x = scaler.transform(train_x), scaler.transform(test_x)
    models = (SGDClassifier(random_state=seed).fit(train_x, train_y) for seed in range(SEEDS))
    return [repr(float(model.score(test_x, test_y))) for model in models]


if __name__ == "__main__":
    target = Path(__file__).with_name("digits_accuracies.json")
    target.write_text(json.dumps(accuracies(), indent=0) + "\n")
