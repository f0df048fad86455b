"""``lineproof quarantine``: what is known to be bad stops everything that descends from it."""

import argparse

from domain.canonical import JsonObject
from lineproof.cli.answers import list_of
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.heal import define as heal_define
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Hold what is bad with all that descends from it, and see what that means."
ROOT = "run:ID, artifact:ID, or NAME@DIGEST"


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)

    for name, summary in (
        ("hold", "Put a root under quarantine; the gate, promotions and downloads refuse it."),
        ("release", "Let a held root go."),
        ("condemn", "Keep a held root for ever; no waiver lifts it."),
    ):
        command = add(name, summary)
        command.add_argument("root", metavar="ROOT", help=ROOT)
        command.add_argument("--reason", metavar="TEXT", required=True, help="recorded with it")
        add_backend(command)
        command.set_defaults(run=change, operation=f"quarantine.{name}")
    listing = add("list", "List what is held or condemned.")
    add_backend(listing)
    listing.set_defaults(run=show_list)
    impact = add("impact", "Show what holding a root covers or would cover; writes nothing.")
    impact.add_argument("root", metavar="ROOT", help=ROOT)
    add_backend(impact)
    impact.set_defaults(run=show_impact)
    heal_define(
        add("heal", "Run again what descends from a root that is fixed, in schedule order.")
    )


def change(arguments: argparse.Namespace, settings: Settings) -> int:
    """Hold, release or condemn."""
    body: JsonObject = {"root": arguments.root, "reason": arguments.reason}
    answer = ask(settings, arguments.operation, body)
    if "count" in answer:
        print(f"held  {answer['root']}  {answer['count']} nodes  {answer['closure_digest']}")
    else:
        print(f"{answer['state']}  {answer['root']}")
    return Exit.OK


def show_list(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one line for each root."""
    for hold in list_of(ask(settings, "quarantine.list", {}), "holds"):
        state = "waived" if hold["waiver"] else hold["state"]
        print(
            f"{state}  {hold['root']}  {hold['count']} nodes at {hold['atSeq']}  "
            f"{hold['closureDigest']}  {hold['trigger']}: {hold['reason']}"
        )
    return Exit.OK


def show_impact(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the closure's digest, counts and first nodes."""
    answer = ask(settings, "quarantine.impact", {"root": arguments.root})
    kinds = answer["kinds"]
    counts = kinds.items() if isinstance(kinds, dict) else ()
    print(f"{answer['root']}  {answer['count']} nodes  {answer['closure_digest']}")
    print(", ".join(f"{count} {kind}" for kind, count in counts))
    for node in list_of(answer, "nodes"):
        print(f"  {node['kind']}  {node['name']}  {node['id']}")
    if answer["truncated"]:
        print("  and more")
    return Exit.OK
