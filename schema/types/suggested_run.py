"""Runs that would separate causes which changed together."""

import strawberry

from analytics.suggested_runs import SuggestedRun
from domain.facet import Facet


@strawberry.type(description="One thing to set as the candidate has it.")
class SuggestedChange:
    """One thing to set as the candidate has it."""

    facet: Facet = strawberry.field(description="The facet that it is part of.")
    label: str = strawberry.field(description="The difference in words; any text.")
    before: str | None = strawberry.field(
        name="from", description="What the baseline has; null when nothing."
    )
    after: str | None = strawberry.field(
        name="to", description="What the candidate has; null when nothing."
    )


@strawberry.type(
    name="SuggestedRun",
    description="A run to make: the baseline with these changes. One after another, such runs "
    "change one thing at a time from the baseline to the candidate.",
)
class SuggestedRunType:
    """A run to make: the baseline with these changes."""

    changes: list[SuggestedChange] = strawberry.field(description="What differs from the baseline.")
    separates: list[str] = strawberry.field(
        description="Labels of the causes that then stand alone between two neighbouring runs."
    )


def suggested_run_of(run: SuggestedRun) -> SuggestedRunType:
    """The GraphQL object of ``run``."""
    return SuggestedRunType(
        changes=[
            SuggestedChange(
                facet=change.facet,
                label=change.label,
                before=", ".join(change.before) or None,
                after=", ".join(change.after) or None,
            )
            for change in run.changes
        ],
        separates=list(run.separates),
    )
