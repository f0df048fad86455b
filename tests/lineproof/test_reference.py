"""The reference pages hold what the code has: no more, no less."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from starlette.routing import BaseRoute, Route

from domain.errors import ErrorCode
from lineproof.cli.exit_codes import Exit, exit_of_code
from lineproof.explorer import pages, record_pages
from lineproof.http import (
    comparisons,
    gate,
    graphql,
    graphql_socket,
    health,
    ledger,
    openlineage,
    operations,
)
from lineproof.http.body_limit import QUERY_LIMIT
from lineproof.http.graphql_messages import MAX_ID, CloseCode
from lineproof.http.socket_protocol import SocketProtocol
from lineproof.services import Services

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_every_error_code_has_its_section_with_its_exit_code() -> None:
    text = (REFERENCE / "errors.md").read_text()
    sections = re.findall(r"^## (\w+)\n\n.+\n\nWhat to do: .+ \(Exit code (\d)\.\)$", text, re.M)
    assert sections == [(str(code), str(int(exit_of_code(code)))) for code in ErrorCode]


def test_every_exit_code_is_explained() -> None:
    text = (REFERENCE / "cli.md").read_text()
    assert re.findall(r"^\| (\d) \|", text, re.M) == [str(int(code)) for code in Exit]


def test_the_bounds_of_a_socket_are_those_of_the_code() -> None:
    text = (REFERENCE / "graphql.md").read_text()
    rows = (
        f"| sockets open | {graphql_socket.MAX_SOCKETS} |",
        f"| subscriptions under way on a socket | {graphql_socket.MAX_SUBSCRIPTIONS} |",
        f"| bytes of a message from the client | {QUERY_LIMIT:,} |",
        f"| characters of an operation's id | {MAX_ID} |",
        f"| seconds until `connection_init` | {graphql_socket.INIT_SECONDS:g} |",
        "| seconds that the client does not read what was sent | "
        f"{SocketProtocol.stalled_seconds:g} |",
    )
    assert [row for row in rows if row not in text] == []
    listed = set(re.findall(r"(?<![\d,])(44\d\d)(?!\d)", text))
    assert listed == {str(int(code)) for code in CloseCode}


def test_every_address_is_listed() -> None:
    services = cast("Services", SimpleNamespace(ledger_files=Path("nowhere")))
    nouns = (
        pages,
        record_pages,
        comparisons,
        gate,
        graphql,
        health,
        ledger,
        openlineage,
        operations,
    )
    routes: list[BaseRoute] = [route for noun in nouns for route in noun.routes(services)]
    served = {
        f"{method} {route.path.replace(':path}', '}')}"
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or ()) - {"HEAD"}
    }
    text = (REFERENCE / "http.md").read_text()
    assert set(re.findall(r"^\| `((?:GET|POST) [^`]+)` \|", text, re.M)) == served
