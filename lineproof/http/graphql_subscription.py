"""One subscription: from its request to its results and to why it ended."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import TypeAlias

import structlog
from graphql import ExecutionResult, GraphQLError
from starlette.websockets import WebSocketDisconnect

from domain.errors import LineproofError
from lineproof.http.graphql import GraphQLRequest
from schema.errors import codes_of, formatted
from schema.following import Following
from schema.stream import StreamRefused, stream_of

Emit: TypeAlias = Callable[[Mapping[str, object]], Awaitable[None]]
"""Sends ``data`` and ``errors`` of one event; raises ``WebSocketDisconnect``."""

log = structlog.get_logger()


async def follow(
    asked: GraphQLRequest, following: Following, request_id: str, emit: Emit
) -> list[dict[str, object]]:
    """Give the answer to one event after another to ``emit``, until there is nothing more to come.

    The errors that ended it before that; none when it is complete. Raises what ``emit`` raises.
    """
    log.info("subscription.started", operation=asked.operation_name, project=following.project)
    sent = 0
    errors: list[dict[str, object]] = []
    try:
        stream = await following.feed.read(
            partial(stream_of, asked.query, asked.variables, asked.operation_name)
        )
        async with aclosing(await stream.events(following)) as events:
            async for event in events:
                result = await following.feed.read(
                    partial(stream.answer, event, following, request_id=request_id)
                )
                await emit(_shown(result, request_id))
                sent += 1
    except WebSocketDisconnect:
        raise
    except StreamRefused as refused:
        errors = [formatted(each, request_id=request_id) for each in refused.errors]
    except Exception as error:
        if not isinstance(error, LineproofError):
            log.error("subscription.failed", exc_info=error)
        failed = GraphQLError(str(error), original_error=error)
        errors = [formatted(failed, request_id=request_id)]
    finally:
        codes = codes_of(errors)
        log.info("subscription.ended", project=following.project, results=sent, errors=codes)
    return errors


def _shown(result: ExecutionResult, request_id: str) -> dict[str, object]:
    body: dict[str, object] = {"data": result.data}
    if result.errors:
        body["errors"] = [formatted(each, request_id=request_id) for each in result.errors]
    return body
