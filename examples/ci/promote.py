"""Make a run's model the champion of the registry; what descends from bad data is refused."""

import sys

import mlflow
from mlflow.exceptions import MlflowException


def main():
    run_id = sys.argv[1]
    client = mlflow.MlflowClient()
    if not client.search_registered_models("name = 'classifier'"):
        client.create_registered_model("classifier")
    model = client.get_run(run_id).outputs.model_outputs[0].model_id
    try:
        version = client.create_model_version("classifier", f"models:/{model}", run_id=run_id)
        client.set_registered_model_alias("classifier", "champion", version.version)
    except MlflowException as refused:
        print(refused.message, file=sys.stderr)
        sys.exit(1)
    print(f"classifier {version.version} is the champion")


if __name__ == "__main__":
    main()
