"""``lineproof doctor``: what a run does not say, and the one line that would say it."""

import argparse
import json

from domain.canonical import JsonObject, JsonValue
from domain.errors import BackendError
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Say which facets a run has recorded, how strongly, and how to record the rest."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("run_id", metavar="RUN", help="a run id")
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="default: table"
    )
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask, and print the findings; a run that says little is no failure."""
    backend = open_backend(settings)
    try:
        answer = backend.ask("run.doctor", {"runId": arguments.run_id})
    finally:
        backend.close()
    if arguments.format == "json":
        print(json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        _show(answer)
    return Exit.OK


def _show(answer: JsonObject) -> None:
    facets = answer.get("facets")
    if not isinstance(facets, list):
        raise BackendError("The answer lists no facets.")
    findings = [finding for finding in facets if isinstance(finding, dict)]
    for finding in findings:
        sources = finding.get("sources")
        words = "; ".join(_inert(one) for one in sources) if isinstance(sources, list) else ""
        state, facet = str(finding.get("state")), str(finding.get("facet"))
        print(f"{facet:<12} {state:<9} {words}".rstrip())
        if finding.get("advice"):
            print(f"{'':<22} {_inert(finding['advice'])}")


def _inert(value: JsonValue) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(value))
