"""Comparisons for people: what the command line prints and draws of one answer."""
