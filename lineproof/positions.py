"""Ledger positions and bounds as JSON requests write them."""

from typing import TYPE_CHECKING

from domain.canonical import JsonValue
from domain.errors import UsageError

if TYPE_CHECKING:
    from lineproof.services import Services


def asked_position(services: "Services", asked: JsonValue) -> int:
    """The tree size to read at, after catching up; ``UsageError`` beyond what is recorded."""
    size = services.catch_up()
    return bounded_integer(asked, "asOf", 0, size, size)


def bounded_integer(value: JsonValue, what: str, low: int, high: int, default: int) -> int:
    """``value``, or ``default`` where it is null; ``UsageError`` unless it is from low to high."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UsageError(
            f"'{what}' is a whole number from {low} to {high}.",
            hint=f"Leave it out for {default}.",
        )
    return value
