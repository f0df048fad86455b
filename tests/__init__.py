"""Behaviour through public doors, on every graph store."""
