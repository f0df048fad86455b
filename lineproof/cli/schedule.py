"""``lineproof schedule``: governance work that is due, in an order that anyone can derive."""

import argparse

from lineproof.cli.answers import list_of
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Do the governance work that is due, and see its order."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)

    run = add("run", "Propagate, expire and judge again whatever is due; once, then end.")
    run.add_argument("--workers", metavar="N", type=int, default=1, help="default: 1")
    add_backend(run)
    run.set_defaults(run=run_due)
    show = add("show", "Show the tasks of a schedule in order, with their states.")
    show.add_argument("digest", metavar="DIGEST", nargs="?", help="default: the latest")
    add_backend(show)
    show.set_defaults(run=show_one)
    diff = add("diff", "Show which tasks stand elsewhere in another schedule, and why.")
    diff.add_argument("before", metavar="BEFORE", help="a digest, or the start of one")
    diff.add_argument("after", metavar="AFTER", help="a digest, or the start of one")
    add_backend(diff)
    diff.set_defaults(run=show_diff)


def run_due(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do what is due and print what came of it."""
    answer = ask(settings, "schedule.run", {"workers": arguments.workers})
    if answer.get("digest") is None:
        print("Nothing is due.")
        return Exit.OK
    for task in list_of(answer, "tasks"):
        print(f"{task['state']}  {task['task']}")
    print(f"schedule {answer['digest']}")
    return Exit.OK


def show_one(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print a schedule."""
    body = {} if arguments.digest is None else {"digest": arguments.digest}
    answer = ask(settings, "schedule.show", body)
    print(f"schedule {answer['digest']}, entry {answer['leafIndex']}, at {answer['position']}")
    for number, task in enumerate(list_of(answer, "tasks"), 1):
        print(f"{number}  {task['state'] or 'open'}  {task['task']}  priority {task['priority']}")
    return Exit.OK


def show_diff(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the moves."""
    body = {"before": arguments.before, "after": arguments.after}
    moves = list_of(ask(settings, "schedule.diff", body), "moves")
    for move in moves:
        print(f"{move['task']}  {move['before']} -> {move['after']}  {move['reason']}")
    if not moves:
        print("Nothing moved of its own.")
    return Exit.OK
