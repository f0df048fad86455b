"""Lineproof's whole job on real runs: ``python -m examples.quickstart``."""
