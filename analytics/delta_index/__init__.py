"""Which groups of runs differ in one thing alone: a projection, and what is asked of it."""
