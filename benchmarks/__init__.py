"""Timed things, each beside a peer or a floor in the same run. Tests assert no times."""
