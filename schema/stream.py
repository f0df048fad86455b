"""A subscription as a stream: the events of its source, and the answer that each one makes.

https://spec.graphql.org/September2025/#sec-Subscription: a source stream is mapped to a response
stream. The two are kept apart here, because the source waits on the event loop, and executing the
selected fields blocks.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import graphql
from graphql import DocumentNode, ExecutionResult, Executor, GraphQLError, OperationType

from domain.errors import UsageError
from schema.build import SCHEMA
from schema.context import RequestContext, context_at
from schema.following import Event, Following


class StreamRefused(Exception):
    """The subscription cannot be executed; ``errors`` say why."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Stream:
    """One subscription, found to be valid and within the limits."""

    document: DocumentNode
    variables: Mapping[str, object]
    operation_name: str | None

    async def events(self, following: Following) -> AsyncGenerator[Event, None]:
        """The source's events; to be closed when it is not read to its end.

        Raises ``StreamRefused`` when the variables or arguments are not what the schema says. What
        the source itself objects to comes with the first event.
        """
        executor = self._executor(following)
        if isinstance(executor, list):
            raise StreamRefused(executor)
        source: object = graphql.create_source_event_stream(executor)
        if isinstance(source, Awaitable):
            source = await cast("Awaitable[object]", source)
        if isinstance(source, ExecutionResult):
            errors = source.errors or []
            SCHEMA.process_errors(errors)
            raise StreamRefused(errors)
        return cast("AsyncGenerator[Event, None]", source)

    def answer(self, event: Event, following: Following, *, request_id: str) -> ExecutionResult:
        """The selected fields of one event, as its own position shows them. Blocks."""
        context = context_at(
            event.as_of, following.ports, project=following.project, request_id=request_id
        )
        result = asyncio.run(self._execute(event, context))
        SCHEMA.process_errors(result.errors or [])
        return result

    def _executor(self, following: Following) -> Executor[Any] | list[GraphQLError]:
        build = cast("Callable[..., Executor[Any] | list[GraphQLError]]", Executor.build)
        return build(
            SCHEMA.core,
            self.document,
            context_value=following,
            raw_variable_values=dict(self.variables),
            operation_name=self.operation_name,
        )

    async def _execute(self, event: Event, context: RequestContext) -> ExecutionResult:
        """On a loop of its own, which loaders need."""
        result = graphql.execute(
            SCHEMA.core,
            self.document,
            root_value=event,
            context_value=context,
            variable_values=dict(self.variables),
            operation_name=self.operation_name,
        )
        return result if isinstance(result, ExecutionResult) else await result


def stream_of(query: str, variables: Mapping[str, object], operation_name: str | None) -> Stream:
    """The subscription in ``query``. Blocks: the longest document takes some milliseconds.

    Raises ``UsageError`` when it is beyond the limits, no GraphQL or no subscription,
    ``StreamRefused`` when it does not fit the schema.
    """
    document, operation = SCHEMA.parsed(query, variables, operation_name)
    if operation.operation is not OperationType.SUBSCRIPTION:
        raise UsageError(
            f"A {operation.operation.value} is not answered over a WebSocket.",
            hint="POST queries and mutations to the same address.",
        )
    errors = SCHEMA.violations(document)
    if errors:
        raise StreamRefused(errors)
    return Stream(document, variables, operation_name)
