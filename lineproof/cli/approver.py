"""``lineproof approver``: who may sign waivers, and how many of them must."""

import argparse
import os
from pathlib import Path

from domain.canonical import JsonObject
from domain.errors import UsageError
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Say whose signatures waive, and how many are needed."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)

    key = add("key", "Make a key: the private one into a file, the public one on stdout.")
    key.add_argument("name", metavar="NAME", help="whose key it is")
    key.add_argument("--out", metavar="FILE", type=Path, required=True, help="must not exist yet")
    key.set_defaults(run=run_key)
    change = add("set", "Put a set of approvers in force; keys that are not in it are revoked.")
    change.add_argument("keys", metavar="VKEY", nargs="+", help="public keys, from `approver key`")
    change.add_argument(
        "--threshold", metavar="K", type=int, required=True, help="how many must sign"
    )
    add_backend(change)
    change.set_defaults(run=run_set)
    listing = add("list", "Show the set in force and the keys that were revoked.")
    add_backend(listing)
    listing.set_defaults(run=run_list)


def run_key(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Write the private key, readable by its owner alone, and print the public one."""
    from ledger.signing import generate_signer

    signer = generate_signer(arguments.name)
    try:
        descriptor = os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"{arguments.out} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(signer.key_file)
    print(signer.verifier.vkey)
    return Exit.OK


def run_set(arguments: argparse.Namespace, settings: Settings) -> int:
    """Put a set in force."""
    body: JsonObject = {"threshold": arguments.threshold, "keys": list(arguments.keys)}
    _show(ask(settings, "approver.set", body))
    return Exit.OK


def run_list(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Show the set in force."""
    _show(ask(settings, "approver.list", {}))
    return Exit.OK


def _show(answer: JsonObject) -> None:
    keys, revoked = answer.get("keys"), answer.get("revoked")
    listed = keys if isinstance(keys, list) else []
    print(f"{answer['threshold']} of {len(listed)} must sign")
    for key in listed:
        print(f"  {key}")
    for key in revoked if isinstance(revoked, list) else []:
        print(f"  revoked: {key}")
