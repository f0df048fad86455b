"""Fields that are computed when they are asked for."""

from collections.abc import Callable

import strawberry
from strawberry.types.field import StrawberryField


def resolved(description: str) -> Callable[[Callable[..., object]], StrawberryField]:
    """Makes a method the resolver of the field of its name; every field says what it gives."""

    def field_of(resolver: Callable[..., object]) -> StrawberryField:
        return strawberry.field(resolver, description=description)

    return field_of
