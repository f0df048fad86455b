"""The root mutation: the root fields of every noun that can be changed."""

import strawberry

from schema.mutations.gates import GateMutation


@strawberry.type(description="Writes. Each is recorded in the ledger.")
class Mutation(GateMutation):
    """Writes."""
