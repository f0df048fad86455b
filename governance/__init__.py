"""Policies, gates, verdicts and their replay. Reads projections, writes only to the ledger."""
