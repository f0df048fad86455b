"""``lineproof verdict replay``: derives recorded verdicts again; they must come out the same."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from domain.errors import UsageError
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_folder, add_project
from lineproof.settings import Settings

if TYPE_CHECKING:
    from governance.replay import ReplayedVerdict
    from lineproof.services import Services

SUMMARY = "Derive verdicts again, byte for byte; exits 4 at the first that differs."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("ids", metavar="ID", nargs="*", help="verdicts of the project")
    parser.add_argument("--all", action="store_true", help="every verdict of every project")
    add_folder(parser)
    add_project(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Replay and count."""
    if bool(arguments.ids) == arguments.all:
        raise UsageError(
            "Say which verdicts are to be replayed.", hint="Name their ids, or give --all."
        )
    from lineproof.cli.local import open_quietly

    services = open_quietly(settings)
    try:
        services.catch_up()
        replayed = list(_replay(services, arguments.ids, settings.project))
    finally:
        services.close()
    for verdict in replayed:
        print(f"identical: verdict {verdict.verdict_id}, entry {verdict.seq}")
    print(f"{len(replayed)} of {len(replayed)} verdicts came out byte for byte.")
    return Exit.OK


def _replay(services: "Services", ids: Sequence[str], project: str) -> "Iterator[ReplayedVerdict]":
    from governance.replay import replay_one, replay_verdicts
    from governance.verdict import require_verdict

    log, graph, metrics = services.log, services.graph, services.metrics
    if not ids:
        yield from replay_verdicts(log, graph=graph, metrics=metrics)
    for verdict_id in ids:
        seq = require_verdict(graph, project, verdict_id).seq
        if seq is not None:
            yield replay_one(log, seq, graph=graph, metrics=metrics, project=project)
