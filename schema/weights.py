"""How many items each field of the schema gives when a query does not say: for the cost limiter."""

from collections.abc import Mapping

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from schema.limits import SIZE_ARGUMENTS

LIST_WEIGHT = 5
"""Items assumed of a list that has no page size, for example a run's inputs."""
_PAGE_PARTS = frozenset({"nodes", "edges"})
"""Lists whose size was counted at the field that holds them."""


def weights_of(schema: GraphQLSchema) -> Mapping[str, int]:
    """Field name to the greatest number of items that a field of that name gives by default."""
    weights: dict[str, int] = {}
    for type_name in sorted(schema.type_map):
        kind = schema.type_map[type_name]
        if type_name.startswith("__") or not isinstance(kind, GraphQLObjectType):
            continue
        for name, field in kind.fields.items():
            weight = 1 if name in _PAGE_PARTS else _weight(schema, field)
            weights[name] = max(weights.get(name, 1), weight)
    return {name: weight for name, weight in weights.items() if weight > 1}


def _weight(schema: GraphQLSchema, field: GraphQLField) -> int:
    for name in sorted(SIZE_ARGUMENTS):
        argument = field.args.get(name)
        if argument is not None and isinstance(argument.default_value, int):
            return argument.default_value
    return LIST_WEIGHT if _is_list_of_objects(schema, f"{field.type}") else 1


def _is_list_of_objects(schema: GraphQLSchema, notation: str) -> bool:
    """``notation`` is the type as the schema language writes it, for example ``[Run!]!``."""
    item = schema.type_map[notation.strip("[]!")]
    return notation.startswith("[") and isinstance(item, GraphQLObjectType | GraphQLInterfaceType)
