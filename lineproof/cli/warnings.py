"""Warnings about policies, on stderr: the answer on stdout stays clean."""

import sys

from domain.canonical import JsonValue


def show_warnings(warnings: JsonValue) -> None:
    """Print each one."""
    for warning in warnings if isinstance(warnings, list | tuple) else []:
        print(f"warning: {warning}", file=sys.stderr)
