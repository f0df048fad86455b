"""Root fields of the subscriptions, by noun."""
