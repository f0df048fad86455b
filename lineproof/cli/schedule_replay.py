"""``lineproof replay schedule``: derives recorded schedules again; they must come out the same."""

import argparse
import base64

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
    from governance.schedule import Schedule, scheduled
    from governance.schedule_replay import replay_schedules
    from governance.sweep import Sweep
    from ledger import merkle
    from lineproof.cli.local import open_quietly

    services = open_quietly(settings)

    def derive(project: str, position: int, at: int | None) -> Schedule:
        parts = (services.log, services.graph, services.metrics, services.catch_up)
        due = Sweep(*parts, project, "replay").due(position, at)
        _, edge = merkle.extend(0, (), services.log.leaves(0, position))
        return scheduled(due, base64.b64encode(merkle.root(edge)).decode("ascii"))

    try:
        services.catch_up()
        replayed = replay_schedules(services.log, derive)
    finally:
        services.close()
    for one in replayed:
        print(f"identical: schedule {one.digest}, entry {one.seq}, {one.committed} of {one.tasks}")
    print(f"{len(replayed)} of {len(replayed)} schedules came out the same, in order.")
    return Exit.OK
