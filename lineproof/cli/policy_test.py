"""``lineproof policy test``: what a policy file would say about recorded runs."""

import argparse
from pathlib import Path

from lineproof.cli.backend import open_backend
from lineproof.cli.files import read_text
from lineproof.cli.gate import add_format, add_question, request_of, show_verdict
from lineproof.cli.options import add_backend
from lineproof.cli.warnings import show_warnings
from lineproof.settings import Settings

SUMMARY = "Judge recorded runs by a policy file; nothing is declared and nothing recorded."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a lineproof.yaml")
    add_question(parser)
    add_format(parser)
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Try the policy and exit as the gate would."""
    text = read_text(arguments.file)
    request = request_of(arguments)
    backend = open_backend(settings)
    try:
        answer = backend.ask("policy.test", {"document": text, "request": request})
    finally:
        backend.close()
    show_warnings(answer.get("warnings"))
    return show_verdict(answer, arguments.format)
