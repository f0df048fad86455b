"""Messages of ``graphql-transport-ws``, as a client sends them, and what a socket is closed with.

https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias, cast

from domain.errors import UsageError
from domain.strict_json import parse_json
from lineproof.http.graphql import GraphQLRequest, request_of

PROTOCOL = "graphql-transport-ws"
MAX_ID = 128
"""Characters of an operation's id."""
_MAX_REASON = 123
"""Bytes of a close frame's reason (RFC 6455, section 5.5)."""


class CloseCode(IntEnum):
    """Why we close a socket."""

    INVALID_MESSAGE = 4400
    UNAUTHORIZED = 4401
    """An operation before the connection was acknowledged."""
    BAD_SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429


class SocketRefused(Exception):
    """The socket is to be closed: what came over it breaks the protocol."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """The connection is to be acknowledged."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Is to be answered with a pong."""


@dataclass(frozen=True, slots=True)
class Pong:
    """Is to be ignored."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """An operation is to begin."""

    id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """An operation is to end."""

    id: str


ClientMessage: TypeAlias = Init | Ping | Pong | Subscribe | Complete


def parse_message(text: str | None) -> ClientMessage:
    """The message in a text frame; None stands for a frame of bytes.

    Raises ``SocketRefused`` (4400) for everything that is not a message of a client.
    """
    if text is None:
        raise _invalid("A message is text.")
    try:
        value = parse_json(text.encode("utf-8"))
        if not isinstance(value, Mapping):
            raise _invalid("A message is a JSON object.")
        return _message(cast("Mapping[str, object]", value))
    except UsageError as error:
        raise _invalid(error.message) from error


def _message(value: Mapping[str, object]) -> ClientMessage:
    kind = value.get("type")
    if kind == "subscribe":
        return Subscribe(_id(value), request_of(value.get("payload")))
    if kind == "complete":
        return Complete(_id(value))
    plain: Mapping[str, type[Init | Ping | Pong]] = {
        "connection_init": Init,
        "ping": Ping,
        "pong": Pong,
    }
    if not isinstance(kind, str) or kind not in plain:
        raise _invalid("The type of a message is none that a client sends.")
    if not isinstance(value.get("payload", {}), Mapping | None):
        raise _invalid("The payload of this message is an object.")
    return plain[kind]()


def _id(value: Mapping[str, object]) -> str:
    found = value.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID:
        raise _invalid(f"The id of an operation is text of 1 to {MAX_ID} characters.")
    return found


def _invalid(reason: str) -> SocketRefused:
    return SocketRefused(CloseCode.INVALID_MESSAGE, reason)
