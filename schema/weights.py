"""How many items each field of the schema gives when a query does not say: for the cost limiter."""

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
)

from schema.limits import SIZE_ARGUMENTS, FieldWeight, Weights

LIST_WEIGHT = 5
"""Items assumed of a list that has no page size, for example a run's inputs."""
_PAGE_PARTS = frozenset({"nodes", "edges"})
"""Lists whose size was counted at the field that holds them."""


def weights_of(schema: GraphQLSchema) -> Weights:
    """The weight of every field of every type."""
    fields: dict[tuple[str, str], FieldWeight] = {}
    for type_name in sorted(schema.type_map):
        kind = schema.type_map[type_name]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                fields[type_name, name] = _weight(schema, name, field)
    roots = {
        operation.value: root.name
        for operation in OperationType
        if (root := schema.get_root_type(operation)) is not None
    }
    return Weights(fields, roots)


def _weight(schema: GraphQLSchema, name: str, field: GraphQLField) -> FieldWeight:
    notation = f"{field.type}"
    item = notation.strip("[]!")
    if name in _PAGE_PARTS:
        return FieldWeight(1, item)
    for argument_name in sorted(SIZE_ARGUMENTS):
        argument = field.args.get(argument_name)
        if argument is not None and isinstance(argument.default_value, int):
            return FieldWeight(argument.default_value, item)
    objects = isinstance(schema.type_map[item], GraphQLObjectType | GraphQLInterfaceType)
    return FieldWeight(LIST_WEIGHT if objects and notation.startswith("[") else 1, item)
