"""``lineproof replay schedule``: derives recorded schedules again; they must come out the same."""

import argparse

from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_folder
from lineproof.settings import Settings

SUMMARY = "Derive every schedule of governance work again; exits 4 at the first that differs."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_folder(parser)
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Replay and count."""
    from governance.schedule_replay import replay_schedules
    from lineproof.cli.local import open_quietly

    services = open_quietly(settings)
    try:
        services.catch_up()
        replayed = replay_schedules(services.log, graph=services.graph, metrics=services.metrics)
    finally:
        services.close()
    for one in replayed:
        print(f"identical: schedule {one.digest}, entry {one.seq}, {one.committed} of {one.tasks}")
    print(f"{len(replayed)} of {len(replayed)} schedules came out the same, in order.")
    return Exit.OK
