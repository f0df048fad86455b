"""A verdict's id: what it says about everything but its position, or the caller's key."""

from domain.canonical import canonical_digest
from domain.ids import derived_id
from governance.gate_request import GateRequest
from governance.statement import Statement, as_json


def verdict_id_of(request: GateRequest, project: str, statement: Statement) -> str:
    """The id: of the idempotency key when there is one, else of the claim without its position."""
    if request.idempotency_key is not None:
        return derived_id("verdict", project, "key", request.idempotency_key)
    moving = ("as_of", "judged_at")
    claim = {name: value for name, value in as_json(statement).items() if name not in moving}
    return derived_id("verdict", project, "claim", canonical_digest(claim))
