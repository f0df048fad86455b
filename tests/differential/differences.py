"""Where we answer otherwise on purpose; ``docs/reference/mlflow.md`` says so to users."""

from collections.abc import Mapping

DIFFERENCES: Mapping[tuple[str, str], str] = {
    ("experiments", "location upwards"): "we refuse steps upwards in every address",
    ("registry", "renamed"): "MLflow loses a version's aliases in this answer, we show them",
    ("registry", "search"): "MLflow's search leaves out the aliases of versions, we show them",
    ("registry", "search versions"): "MLflow's search leaves out aliases, we show them",
}
"""(scenario, call) to the reason. A listed call that answers alike fails the test, too."""
