"""A small training job with MLflow: a run for each seed, on the data that data.txt names."""

import argparse
import hashlib
import json
from pathlib import Path

import mlflow
import mlflow.data
import numpy as np
from mlflow.entities import LoggedModelOutput

ROWS = 3000
STEPS = 200


def data(seed, damaged):
    """Two clouds of points; in the damaged version a third of the labels is wrong."""
    random = np.random.RandomState(seed)
    labels = random.randint(0, 2, ROWS)
    features = random.normal(size=(ROWS, 4)) + 1.2 * labels[:, None]
    if damaged:
        wrong = random.permutation(ROWS)[: ROWS // 3]
        labels[wrong] = 0
    return features, labels


def fit(features, labels, seed):
    """Logistic regression by stochastic gradient descent."""
    random = np.random.RandomState(seed)
    weights = np.zeros(features.shape[1] + 1)
    padded = np.hstack([features, np.ones((len(features), 1))])
    for _ in range(STEPS):
        rows = random.randint(0, len(labels), 32)
        predicted = 1 / (1 + np.exp(-padded[rows] @ weights))
        weights += 0.3 * padded[rows].T @ (labels[rows] - predicted) / len(rows)
    return weights


def accuracy(weights, features, labels):
    """The part of the rows on the right side of the plane."""
    padded = np.hstack([features, np.ones((len(features), 1))])
    return float(((padded @ weights > 0) == labels).mean())


def main():
    parser = argparse.ArgumentParser(description="Train once for each seed; print the run ids.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--print-data", action="store_true", help="print NAME@DIGEST and end")
    args = parser.parse_args()
    version = (Path(__file__).parent / "data.txt").read_text().strip()
    train = data({"v1": 1, "v2-damaged": 2, "v3-fixed": 2}[version], version == "v2-damaged")
    test = data(9, damaged=False)
    train_input = mlflow.data.from_numpy(train[0], targets=train[1], name="train-data")
    if args.print_data:
        print(f"train-data@{train_input.digest}")
        return
    test_input = mlflow.data.from_numpy(test[0], targets=test[1], name="test-data")
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    experiment = mlflow.set_experiment("ci")
    client = mlflow.MlflowClient()
    runs = []
    for seed in range(args.seeds):
        tags = {"lineproof.facet.eval_code": f"sha256:{code}"}
        with mlflow.start_run(experiment_id=experiment.experiment_id, tags=tags) as run:
            mlflow.log_params({"seed": seed, "steps": STEPS})
            mlflow.log_input(train_input, context="training")
            mlflow.log_input(test_input, context="evaluation")
            weights = fit(*train, seed)
            mlflow.log_metric("accuracy", accuracy(weights, *test))
            mlflow.log_text(json.dumps(list(weights)), "weights.json")
            model = mlflow.initialize_logged_model(name="weights", source_run_id=run.info.run_id)
            mlflow.finalize_logged_model(model.model_id, "READY")
            client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, step=0)])
            runs.append(run.info.run_id)
    print(",".join(runs))


if __name__ == "__main__":
    main()
