"""Metric tables, deltas, comparability and causes. The only place of Polars."""
