"""The root query, one file for each noun."""
