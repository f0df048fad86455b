"""Fields that give one value after another, as the ledger grows."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField


def followed(
    description: str,
) -> Callable[[Callable[..., AsyncGenerator[Any, None]]], StrawberryField]:
    """Makes a method the source of the subscription field of its name."""

    def field_of(source: Callable[..., AsyncGenerator[Any, None]]) -> StrawberryField:
        return strawberry.subscription(source, description=description)

    return field_of
