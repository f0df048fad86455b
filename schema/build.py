"""The GraphQL schema, with its limits and its way of failing built in."""

from collections.abc import Iterator, Mapping
from typing import cast

import strawberry
import structlog
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionContext

from domain.errors import UsageError
from schema.errors import expected
from schema.limits import check_document, check_variables, parse_limited
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.weights import weights_of

log = structlog.get_logger()

MAX_ERRORS = 5
"""Validation errors after which a document is not looked at further."""
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""Those of the specification and Strawberry's own."""


class LineproofSchema(strawberry.Schema):
    """A schema that measures each document before it validates it, and logs what nobody expected.

    What was expected is the client's to read; see ``schema.errors``.
    """

    def __init__(self) -> None:
        super().__init__(
            query=Query,
            mutation=Mutation,
            subscription=Subscription,
            extensions=[_LimitCost],
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        self.weights = weights_of(self.core)

    @property
    def core(self) -> GraphQLSchema:
        """The graphql-core schema underneath."""
        return self._schema

    def sdl(self) -> str:
        """The schema definition language of the whole schema, types by name."""
        return self.as_str() + "\n"

    def parsed(
        self, query: str, variables: Mapping[str, object], operation_name: str | None
    ) -> tuple[DocumentNode, OperationDefinitionNode]:
        """The document in ``query``, found to be within the limits, and its operation to execute.

        Raises ``UsageError``: TOO_COMPLEX, MALFORMED, or when no one operation is meant.
        """
        check_variables(variables)
        document = parse_limited(query)
        check_document(document, variables, weights=self.weights)
        return document, _operation(document, operation_name)

    def violations(self, document: DocumentNode) -> list[GraphQLError]:
        """What validation objects to, at most ``MAX_ERRORS``: each one costs a search for similar
        names, and a few are enough to mend a document."""
        return validate(self.core, document, _RULES, max_errors=MAX_ERRORS)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log the traceback of every error that will be masked."""
        for error in errors:
            if expected(error) is None:
                path = error.path and "/".join(map(str, error.path))
                log.error("graphql.field_failed", path=path, exc_info=error.original_error)


class _LimitCost(SchemaExtension):
    """Parses within the limits, measures the document, and validates what is left of it."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        schema = cast("LineproofSchema", context.schema)
        document, operation = schema.parsed(
            context.query or "", context.variables or {}, context.operation_name
        )
        if operation.operation is OperationType.SUBSCRIPTION:
            raise UsageError(
                "A subscription has no single answer.",
                hint="Send it over a WebSocket to the same address (graphql-transport-ws).",
            )
        context.graphql_document = document
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if context.graphql_document is not None:
            schema = cast("LineproofSchema", context.schema)
            context.pre_execution_errors = schema.violations(context.graphql_document)
        yield


def _operation(document: DocumentNode, asked: str | None) -> OperationDefinitionNode:
    """The operation to execute; ``UsageError`` unless it is clear which one."""
    names = [
        definition.name.value if definition.name else None
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
    if not names:
        raise UsageError("The document holds no operation.", hint="Send a query or a mutation.")
    if asked is None and len(names) > 1:
        raise UsageError(
            "The document holds several operations.", hint="Say which one in operationName."
        )
    found = get_operation_ast(document, asked)
    if found is None:
        raise UsageError(
            f"The document holds no operation named {str(asked)[:60]!r}.",
            hint="Send the name of one of its operations, or none when there is one only.",
        )
    return found


SCHEMA = LineproofSchema()
"""The one schema; building it takes a while, so it is built once."""
