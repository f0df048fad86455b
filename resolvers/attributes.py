"""Reading the attributes of a graph node as the types that the projector gave them."""

from collections.abc import Mapping

from graph.model import AttributeValue


def text(attributes: Mapping[str, AttributeValue], name: str) -> str:
    """The text attribute; empty when it is absent."""
    value = attributes.get(name, "")
    return value if isinstance(value, str) else str(value)


def integer(attributes: Mapping[str, AttributeValue], name: str) -> int | None:
    """The integer attribute; None when it is absent."""
    value = attributes.get(name)
    return value if isinstance(value, int) else None


def prefixed(attributes: Mapping[str, AttributeValue], prefix: str) -> dict[str, str]:
    """The attributes under ``prefix``, without it, ordered by what is left of their names."""
    start = len(prefix)
    names = sorted([name for name in attributes if name.startswith(prefix)])
    return {name[start:]: str(attributes[name]) for name in names}
