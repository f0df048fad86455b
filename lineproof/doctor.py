"""Operation ``run.doctor``: which facets a run has recorded, and how to record the rest."""

from typing import TYPE_CHECKING

from domain.canonical import JsonObject
from domain.strict_shape import Shape
from resolvers.doctor import examine

if TYPE_CHECKING:
    from lineproof.services import Services


def diagnose(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``runId``: gives ``facets`` with ``state``, ``strength``, ``sources``, ``advice``."""
    run_id = Shape(arguments, "arguments").text("runId")
    size = services.catch_up()
    findings = examine(services.graph, services.metrics, run_id, project=project, as_of=size)
    return {
        "runId": run_id,
        "treeSize": size,
        "facets": [
            {
                "facet": finding.facet.value,
                "words": finding.words,
                "state": finding.state.value,
                "strength": finding.strength.name,
                "sources": list(finding.sources),
                "advice": finding.advice,
            }
            for finding in findings
        ],
    }
