"""``lineproof approver``: who may sign waivers and artifacts, and how many of them must."""

import argparse
import json
import os
from pathlib import Path

from domain.approver import CHANGE_VERSION, FIRST
from domain.canonical import JsonObject
from domain.errors import UsageError
from domain.strict_json import parse_json_object
from lineproof.cli.answers import texts_of
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_bytes, read_text
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Say whose signatures count, and how many are needed."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)

    key = add("key", "Make a key: the private one into a file, the public one on stdout.")
    key.add_argument("name", metavar="NAME", help="whose key it is")
    key.add_argument("--out", metavar="FILE", type=Path, required=True, help="must not exist yet")
    key.set_defaults(run=run_key)
    draft = add("draft", "Print a change to be signed; keys that it leaves out are revoked.")
    draft.add_argument("keys", metavar="VKEY", nargs="+", help="approvers, from `approver key`")
    draft.add_argument(
        "--threshold", metavar="K", type=int, required=True, help="how many approvers must sign"
    )
    draft.add_argument(
        "--signer", metavar="VKEY", action="append", default=[], help="a signer of artifacts"
    )
    add_backend(draft)
    draft.set_defaults(run=run_draft)
    sign = add("sign", "Print a signature over a draft; needs no server.")
    sign.add_argument("draft", metavar="DRAFT.json", type=Path, help="from `approver draft`")
    sign.add_argument("--key", metavar="FILE", type=Path, required=True, help="a private key")
    sign.set_defaults(run=run_sign)
    change = add("set", "Put a draft in force; the first needs no signatures.")
    change.add_argument("draft", metavar="DRAFT.json", type=Path, help="from `approver draft`")
    change.add_argument(
        "--signature", metavar="FILE", type=Path, action="append", default=[], help="each one"
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


def run_draft(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the change that is to be signed; it comes after the set in force now."""
    from governance.approver_change import change_document

    after = ask(settings, "approver.list", {})["leafIndex"]
    body: JsonObject = {
        "version": CHANGE_VERSION,
        "project": settings.project,
        "after": FIRST if after is None else after,
        "threshold": arguments.threshold,
        "keys": list(arguments.keys),
        "signers": list(arguments.signer),
    }
    print(json.dumps(change_document(body), indent=2, sort_keys=True))
    return Exit.OK


def run_sign(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Print the signature of one approver."""
    from governance.approver_change import change_document, sign_change
    from ledger.signing import parse_signer

    document = change_document(parse_json_object(read_bytes(arguments.draft)))
    print(json.dumps(sign_change(document, parse_signer(read_text(arguments.key)))))
    return Exit.OK


def run_set(arguments: argparse.Namespace, settings: Settings) -> int:
    """Put a change in force."""
    body: JsonObject = {
        "document": parse_json_object(read_bytes(arguments.draft)),
        "signatures": [parse_json_object(read_bytes(path)) for path in arguments.signature],
    }
    _show(ask(settings, "approver.set", body))
    return Exit.OK


def run_list(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Show the set in force."""
    _show(ask(settings, "approver.list", {}))
    return Exit.OK


def _show(answer: JsonObject) -> None:
    keys = texts_of(answer, "keys")
    print(f"{answer['threshold']} of {len(keys)} must sign")
    for key in keys:
        print(f"  {key}")
    for key in texts_of(answer, "signers"):
        print(f"  signer: {key}")
    for key in texts_of(answer, "revoked"):
        print(f"  revoked: {key}")
