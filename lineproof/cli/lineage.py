"""``lineproof lineage``: what made a run or an artifact, what it went into, and by which way."""

import argparse
import json
import sys

from domain.canonical import JsonObject, JsonValue
from lineproof.cli.backend import open_backend
from lineproof.cli.compare import add_as_of
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Show what made a run or an artifact, or what it went into."
FORMATS = ("table", "json")


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("id", metavar="ID", help="a run id, run:ID or artifact:ID")
    parser.add_argument(
        "--direction",
        choices=("upstream", "downstream"),
        default="upstream",
        help="towards causes (default), or towards effects and the verdicts on them",
    )
    parser.add_argument("--to", metavar="ID", help="the shortest way from ID up to this one")
    parser.add_argument("--depth", metavar="N", type=int, help="edges to follow")
    parser.add_argument(
        "--kinds", metavar="KIND[,KIND…]", help="show these alone: run, artifact, verdict"
    )
    parser.add_argument("--max-nodes", metavar="N", type=int, help="default: 300")
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="default: table"
    )
    add_as_of(parser)
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask for the lineage and print it."""
    backend = open_backend(settings)
    try:
        answer = backend.lineage(request_of(arguments))
    finally:
        backend.close()
    sys.stdout.write(_rendered(answer, arguments))
    return Exit.OK


def request_of(arguments: argparse.Namespace) -> JsonObject:
    """The request that the options describe."""
    request: dict[str, JsonValue] = {
        "of": arguments.id,
        "asOf": arguments.as_of,
        "to": arguments.to,
    }
    if arguments.to is None:
        request |= {
            "direction": arguments.direction.upper(),
            "depth": arguments.depth,
            "maxNodes": arguments.max_nodes,
            "kinds": arguments.kinds.split(",") if arguments.kinds else None,
        }
    return {name: value for name, value in request.items() if value is not None}


def _rendered(answer: JsonObject, arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        return json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    from lineproof.compared.lineage_tree import lineage_of, lineage_table, path_table
    from lineproof.compared.style import Style

    style = Style(colour=sys.stdout.isatty())
    show = lineage_table if arguments.to is None else path_table
    return show(lineage_of(answer), style)
