"""Root fields about quarantine, waivers and the history of policies."""

from typing import Annotated

import strawberry

from governance.holds import active_holds
from governance.policy_history import applications
from governance.waiver_force import recorded_waivers
from schema.context import LineproofInfo, RequestContext
from schema.resolved import resolved
from schema.types.arguments import AsOf
from schema.types.ledger_point import asked_size
from schema.types.quarantine import (
    PolicyApplication,
    QuarantineHold,
    WaiverRecord,
    application_of,
    hold_of,
    waiver_of,
)


@strawberry.type
class GovernanceQuery:
    """Root fields about quarantine, waivers and the history of policies."""

    @resolved("Every root that is held or condemned, by entry.")
    def quarantine(self, info: LineproofInfo, as_of: AsOf = None) -> list[QuarantineHold]:
        context = info.context
        position = context.position(asked_size(as_of))
        at = _time_at(context, position)
        found = active_holds(context.ports.graph, context.project, as_of=position, at=at)
        return [hold_of(hold) for hold in found]

    @resolved("Every waiver, by entry.")
    def waivers(self, info: LineproofInfo, as_of: AsOf = None) -> list[WaiverRecord]:
        context = info.context
        position = context.position(asked_size(as_of))
        found = recorded_waivers(context.ports.graph, context.project, as_of=position)
        at = _time_at(context, position) or 0
        return [waiver_of(waiver, at) for waiver in found]

    @resolved("Every time that a version of a policy came into force, the first first.")
    def policy_history(
        self,
        info: LineproofInfo,
        name: Annotated[str, strawberry.argument(description="The policy's name.")],
        as_of: AsOf = None,
    ) -> list[PolicyApplication]:
        context = info.context
        position = context.position(asked_size(as_of))
        found = applications(context.ports.graph, context.project, name, as_of=position)
        return [application_of(each) for each in found]


def _time_at(context: RequestContext, position: int) -> int | None:
    """The ledger's own time at a position, so that the same question has the same answer."""
    return next((last.at for last in context.ports.log.read(position - 1, position)), None)
