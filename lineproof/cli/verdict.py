"""``lineproof verdict``: show, explain, replay and verify recorded verdicts."""

import argparse

from lineproof.cli import gate_verify, verdict_explain, verdict_replay, verdict_show, verdict_vsa

SUMMARY = "Show, explain, replay and verify recorded verdicts."

_COMMANDS = (
    ("show", verdict_show),
    ("explain", verdict_explain),
    ("replay", verdict_replay),
    ("verify", gate_verify),
    ("vsa", verdict_vsa),
)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in _COMMANDS:
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
