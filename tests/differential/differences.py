"""Where we answer otherwise on purpose; ``docs/reference/mlflow.md`` says so to users."""

from collections.abc import Mapping

DIFFERENCES: Mapping[tuple[str, str], str] = {
    ("experiments", "location upwards"): "we refuse steps upwards in every address",
    ("registry", "renamed"): "MLflow loses a version's aliases in this answer, we show them",
    ("registry", "search"): "MLflow's search leaves out the aliases of versions, we show them",
    **{
        ("models", f"search {text} on [{{'dataset_name': 'train'}}]"): (
            "MLflow's server takes a dataset without a digest for one whose digest is empty"
        )
        for text in (None, "name = m3", "params.p = 9")
    },
    ("search", "filter (metrics.acc > 0.5)"): "we take parentheses,",
    ("search", "filter NOT metrics.acc > 0.5"): "NOT,",
    ("search", "filter params.lr = '0.1' OR params.lr = '0.2'"): "and OR",
    ("search", "filter metrics.acc >= 0.4 AND"): "MLflow drops a last AND, we name its column",
    ("registry", "search versions"): "MLflow's search leaves out aliases, we show them",
}
"""(scenario, call) to the reason. A listed call that answers alike fails the test, too."""
