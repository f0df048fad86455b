"""A training script as teams have it: scikit-learn, MLflow's client, nothing of Lineproof's."""

import argparse
import hashlib
from pathlib import Path

import mlflow
import mlflow.data
import numpy as np
from evaluate import evaluate
from sklearn.linear_model import SGDClassifier


def read_data(path):
    with np.load(path) as arrays:
        return arrays["features"], arrays["labels"]


def train(seed, alpha, epochs, train_set, eval_set):
    features, labels = train_set
    model = SGDClassifier(loss="log_loss", alpha=alpha, random_state=seed)
    for epoch in range(epochs):
        order = np.random.RandomState(1000 * seed + epoch).permutation(len(labels))
        model.partial_fit(features[order], labels[order], classes=np.arange(10))
        if epoch % 5 == 4:
            mlflow.log_metrics(evaluate(model, *eval_set), step=epoch)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", required=True)
    parser.add_argument("--seeds", type=int, required=True)
    parser.add_argument("--alpha", type=float, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--train-data", required=True)
    parser.add_argument("--eval-data", required=True)
    args = parser.parse_args()

    mlflow.set_experiment("digits")
    train_set, eval_set = read_data(args.train_data), read_data(args.eval_data)
    train_input = mlflow.data.from_numpy(train_set[0], targets=train_set[1], name="digits-train")
    eval_input = mlflow.data.from_numpy(eval_set[0], targets=eval_set[1], name="digits-test")
    eval_code = hashlib.sha256(Path("evaluate.py").read_bytes()).hexdigest()

    for seed in range(args.seeds):
        with mlflow.start_run(run_name=f"{args.variant}-{seed}"):
            mlflow.log_params({"alpha": args.alpha, "epochs": args.epochs, "seed": seed})
            mlflow.set_tags(
                {
                    "variant": args.variant,
                    "lineproof.facet.eval_code": f"sha256:{eval_code}",
                }
            )
            mlflow.log_input(train_input, context="training")
            mlflow.log_input(eval_input, context="evaluation")
            train(seed, args.alpha, args.epochs, train_set, eval_set)


if __name__ == "__main__":
    main()
