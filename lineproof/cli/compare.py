"""``lineproof compare``: what differs between two sets of runs, and what that may be blamed on."""

import argparse
import json
import sys

from domain.canonical import JsonObject, JsonValue
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.cli.run_set import SYNTAX, run_set
from lineproof.settings import Settings

SUMMARY = "Compare two sets of runs: what moved, and what differs upstream."
POLICY = "policy"
"""In place of the baseline: what the policy's own rule finds."""
FORMATS = ("table", "json", "markdown", "dvc-json", "html")


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_sides(parser)
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    add_question(parser)
    parser.set_defaults(run=run)


def add_sides(parser: argparse.ArgumentParser) -> None:
    """The two sets of runs."""
    parser.add_argument(
        "baseline",
        metavar="A",
        help=f"{SYNTAX}; or the word {POLICY}: what the baseline rule of --policy finds",
    )
    parser.add_argument("candidate", metavar="B", help="compared with A; as A")


def add_question(parser: argparse.ArgumentParser) -> None:
    """How and where the sets are compared."""
    parser.add_argument(
        "--policy", metavar="NAME", help="whose metrics, replicate keys and rules apply"
    )
    parser.add_argument(
        "--experiment", metavar="NAME", action="append", default=[], help="where a filter looks"
    )
    add_as_of(parser)
    add_backend(parser)


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """The ledger position that is answered from."""
    parser.add_argument("--as-of", metavar="SIZE", type=int, help="as of this many ledger entries")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask for a comparison and print it; a difference is an answer, so the exit code is 0."""
    answer = ask(arguments, settings)
    sys.stdout.write(_rendered(answer, arguments.format))
    return Exit.OK


def ask(arguments: argparse.Namespace, settings: Settings) -> JsonObject:
    """The answer to the comparison that the options describe."""
    request: dict[str, JsonValue] = {
        "candidate": run_set(arguments.candidate, arguments.experiment),
    }
    if arguments.baseline != POLICY:
        request["baseline"] = run_set(arguments.baseline, arguments.experiment)
    if arguments.policy:
        request["policy"] = arguments.policy
    if arguments.as_of is not None:
        request["asOf"] = arguments.as_of
    backend = open_backend(settings)
    try:
        return backend.compare(request)
    finally:
        backend.close()


def _rendered(answer: JsonObject, form: str) -> str:
    from lineproof.compared.answer import answer_of

    if form == "json":
        return json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    whole = answer_of(answer)
    if form == "markdown":
        from lineproof.compared.markdown import markdown

        return markdown(whole)
    if form == "dvc-json":
        from lineproof.compared.dvc import dvc_json

        return dvc_json(whole)
    if form == "html":
        from lineproof.compared.page import page

        return page(whole)
    from lineproof.compared.style import Style
    from lineproof.compared.table import table

    return table(whole, Style(colour=sys.stdout.isatty()))
