"""Free-form pairs: parameters, tags, attributes."""

from collections.abc import Mapping

import strawberry


@strawberry.type(description="A key with its value: a parameter, a tag or an attribute.")
class KeyValue:
    """A key with its value."""

    key: str = strawberry.field(description="As the client named it.")
    value: str = strawberry.field(description="As the client sent it.")


def key_values(pairs: Mapping[str, str]) -> list[KeyValue]:
    """``pairs`` as GraphQL shows them, in their order."""
    return [KeyValue(key=key, value=value) for key, value in pairs.items()]
