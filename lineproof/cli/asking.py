"""Asks one operation and closes what it opened."""

from domain.canonical import JsonObject
from lineproof.cli.backend import open_backend
from lineproof.settings import Settings


def ask(settings: Settings, operation: str, body: JsonObject) -> JsonObject:
    """The answer of an operation of ``lineproof.operations``."""
    backend = open_backend(settings)
    try:
        return backend.ask(operation, body)
    finally:
        backend.close()
