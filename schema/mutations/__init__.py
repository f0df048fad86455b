"""The root mutation, one file for each noun."""
