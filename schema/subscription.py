"""The root subscription: the root fields of every noun that can be followed."""

import strawberry

from schema.subscriptions.ledger import LedgerSubscription
from schema.subscriptions.verdicts import VerdictSubscription


@strawberry.type(
    description="What is told as it is recorded, over a WebSocket (`graphql-transport-ws`)."
)
class Subscription(LedgerSubscription, VerdictSubscription):
    """What is told as it is recorded."""
