"""``lineproof why``: what one metric's movement may be blamed on."""

import argparse
import sys

from lineproof.cli.compare import add_question, add_sides, ask
from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Say why one metric moved from one set of runs to another."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("metric", metavar="METRIC", help="a metric's name")
    add_sides(parser)
    add_question(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Compare, and print what concerns the metric."""
    from lineproof.compared.answer import answer_of
    from lineproof.compared.style import Style
    from lineproof.compared.why import why

    answer = answer_of(ask(arguments, settings))
    sys.stdout.write(why(answer, arguments.metric, Style(colour=sys.stdout.isatty())))
    return Exit.OK
