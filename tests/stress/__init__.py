"""What the ledger must survive: the rows F1 to F15, each from one file, small or whole.

Every row has a function that takes a folder, a random number generator and how much to do, raises
``AssertionError`` when a promise is broken, and returns a line of counts. ``make test`` runs a
share of each, ``make stress`` the whole (``python -m tests.stress --seed N``).
"""
