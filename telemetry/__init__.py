"""Structured logs and measurements of our own work."""
