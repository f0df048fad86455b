"""The conformance suite on every store that ``--graph`` names."""

from tests.conformance.graph_contract import GraphContract


class TestStores(GraphContract):
    """Nothing of its own: a store keeps the contract and no other promise."""
