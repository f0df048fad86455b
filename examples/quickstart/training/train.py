"""A training script as teams have it: scikit-learn, MLflow's client, nothing of Lineproof's."""

import argparse
import hashlib
import json
from pathlib import Path

import mlflow
import mlflow.data
import numpy as np
from evaluate import evaluate
from sklearn.linear_model import SGDClassifier

EPOCHS = 20


def read_data(path):
    with np.load(path) as arrays:
        return arrays["features"], arrays["labels"]


def train(seed, alpha, train_set, eval_set):
    features, labels = train_set
    model = SGDClassifier(loss="log_loss", alpha=alpha, random_state=seed)
    for epoch in range(EPOCHS):
        order = np.random.RandomState(1000 * seed + epoch).permutation(len(labels))
        model.partial_fit(features[order], labels[order], classes=np.arange(10))
        if epoch % 5 == 4:
            mlflow.log_metrics(evaluate(model, *eval_set), step=epoch)


def run_variant(experiment_id, variant, seeds):
    train_set, eval_set = read_data(variant["train_data"]), read_data(variant["eval_data"])
    train_input = mlflow.data.from_numpy(train_set[0], targets=train_set[1], name="digits-train")
    eval_input = mlflow.data.from_numpy(eval_set[0], targets=eval_set[1], name="digits-test")
    eval_code = hashlib.sha256(Path("evaluate.py").read_bytes()).hexdigest()
    tags = {"variant": variant["name"], "lineproof.facet.eval_code": f"sha256:{eval_code}"}
    for seed in range(seeds):
        name = f"{variant['name']}-{seed}"
        with mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=tags):
            mlflow.log_params({"alpha": variant["alpha"], "epochs": EPOCHS, "seed": seed})
            mlflow.log_input(train_input, context="training")
            mlflow.log_input(eval_input, context="evaluation")
            train(seed, variant["alpha"], train_set, eval_set)


def main():
    parser = argparse.ArgumentParser(description="Train every variant of a plan, seed by seed.")
    parser.add_argument("plan", type=Path)
    parser.add_argument("--seeds", type=int, required=True)
    args = parser.parse_args()
    experiment = mlflow.set_experiment("digits")
    for variant in json.loads(args.plan.read_text()):
        run_variant(experiment.experiment_id, variant, args.seeds)
        print(variant["name"], flush=True)


if __name__ == "__main__":
    main()
