"""Identifiers: derived from content, or drawn from an ``IdSource`` that is handed in.

The only module that draws randomness.
"""

import hashlib
import secrets
from typing import Protocol

from domain.canonical import JsonValue, canonical_bytes

DEFAULT_PROJECT = "default"


class IdSource(Protocol):
    """Where fresh identifiers come from."""

    def hex32(self) -> str:
        """A fresh identifier of 32 lower-case hexadecimal digits."""
        ...


class RandomIds:
    """Unpredictable identifiers from the operating system."""

    def hex32(self) -> str:
        return secrets.token_hex(16)


class SequentialIds:
    """Repeatable identifiers: SHA-256 of a seed and a counter."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._next = 0

    def hex32(self) -> str:
        self._next += 1
        return hashlib.sha256(f"{self._seed}/{self._next}".encode()).hexdigest()[:32]


def derived_id(*parts: JsonValue) -> str:
    """32 hexadecimal digits that depend on ``parts`` alone (SHA-256 of their canonical JSON)."""
    return hashlib.sha256(canonical_bytes(list(parts))).hexdigest()[:32]
