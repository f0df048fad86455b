"""Sets of runs as clients name them."""

from typing import cast

import strawberry

from domain.canonical import JsonObject, JsonValue
from governance.run_set import RunSet, run_set_from_json
from schema.global_ids import local_id


@strawberry.input(
    description="A set of runs: exactly one of `runs`, `group` and `filter`.",
)
class RunSetInput:
    """A set of runs."""

    runs: list[strawberry.ID] | None = strawberry.field(
        default=None, description="These runs, by global id or MLflow run id."
    )
    group: strawberry.ID | None = strawberry.field(
        default=None, description="The run group of this run."
    )
    filter: str | None = strawberry.field(
        default=None, description="The runs that MLflow's filter grammar finds."
    )
    experiments: list[strawberry.ID] | None = strawberry.field(
        default=None, description="With `filter`: only in these experiments."
    )
    projects: list[str] | None = strawberry.field(
        default=None,
        description="Where the runs are looked for; in the request's own project when null. A "
        "gate's candidate is always of its own.",
    )


def run_set_of(given: RunSetInput, what: str) -> RunSet:
    """The set; ``UsageError`` when it is not exactly one of the three kinds."""
    return run_set_from_json(run_set_document(given), what)


def run_set_document(given: RunSetInput) -> JsonObject:
    """The set as ``POST /gate`` takes it."""
    fields: dict[str, JsonValue] = {
        "runs": _local(given.runs, "Run"),
        "group": None if given.group is None else local_id(given.group, "Run"),
        "filter": given.filter,
        "experiments": _local(given.experiments, "Experiment"),
        "projects": cast("list[JsonValue] | None", given.projects),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _local(ids: list[strawberry.ID] | None, type_name: str) -> list[JsonValue] | None:
    if ids is None:
        return None
    return cast("list[JsonValue]", [local_id(each, type_name) for each in ids])
