"""``lineproof erase``: make everything that is sealed under a subject unreadable for ever."""

import argparse

from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_folder
from lineproof.settings import LOG_LEVEL, Settings

SUMMARY = "Destroy a subject's key: what is sealed under it can never be read again."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "subject", metavar="SUBJECT", help="as it stands in the tag lineproof.erasable of its runs"
    )
    add_folder(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Erase, and say what is left to do."""
    from domain.clock import SystemClock
    from lineproof.erasing import erase
    from telemetry.logging import configure_logging

    quiet = "error" if settings.log_level == LOG_LEVEL.default else settings.log_level
    configure_logging(log_format=settings.log_format, level=quiet)
    erasure = erase(settings, arguments.subject, clock=SystemClock())
    print(
        f"Erased: entry {erasure.seq} says so, under the pseudonym {erasure.pseudonym}.\n"
        "Backups made before still hold the key: destroy them too."
    )
    return Exit.OK
