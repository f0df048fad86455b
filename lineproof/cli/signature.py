"""``lineproof signature``: signatures over files, datasets and models, for policies that ask."""

import argparse
import json
from pathlib import Path

from domain.canonical import JsonObject
from domain.strict_json import parse_json_object
from lineproof.cli.answers import list_of, texts_of
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import file_digest, read_bytes, read_text
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Sign what runs make or use, and record who signed."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)

    make = add("make", "Print a signed in-toto statement over files (DSSE); needs no server.")
    make.add_argument("files", metavar="FILE", type=Path, nargs="+", help="what is signed")
    make.add_argument("--key", metavar="FILE", type=Path, required=True, help="a private key")
    make.set_defaults(run=run_make)
    submit = add("submit", "Record a DSSE envelope of an in-toto statement about SHA-256 digests.")
    submit.add_argument("envelope", metavar="ENVELOPE.json", type=Path, help="from anywhere")
    add_backend(submit)
    submit.set_defaults(run=run_submit)
    revoke = add("revoke", "A signature counts no more; what it is about is put under quarantine.")
    revoke.add_argument("id", metavar="ID", help="as `signature list` shows it")
    revoke.add_argument("--reason", metavar="TEXT", required=True, help="why")
    add_backend(revoke)
    revoke.set_defaults(run=run_revoke)
    listing = add("list", "List every signature and who made it.")
    add_backend(listing)
    listing.set_defaults(run=run_list)


def run_make(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Print the envelope."""
    from domain.signature import SignedSubject
    from governance.in_toto import signed_statement
    from ledger.signing import parse_signer

    subjects: list[SignedSubject] = [
        {"name": path.name, "digest": file_digest(path).removeprefix("sha256:")}
        for path in arguments.files
    ]
    envelope = signed_statement(subjects, parse_signer(read_text(arguments.key)))
    print(json.dumps(envelope, indent=1, sort_keys=True))
    return Exit.OK


def run_submit(arguments: argparse.Namespace, settings: Settings) -> int:
    """Record the envelope."""
    body: JsonObject = {"envelope": parse_json_object(read_bytes(arguments.envelope))}
    _show(ask(settings, "signature.submit", body))
    return Exit.OK


def run_revoke(arguments: argparse.Namespace, settings: Settings) -> int:
    """End a signature."""
    body: JsonObject = {"id": arguments.id, "reason": arguments.reason}
    _show(ask(settings, "signature.revoke", body))
    return Exit.OK


def run_list(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one line for each signature over one thing."""
    _show(ask(settings, "signature.list", {}))
    return Exit.OK


def _show(answer: JsonObject) -> None:
    for one in list_of(answer, "signatures"):
        by = ", ".join(texts_of(one, "signedBy")) or "nobody"
        state = "revoked" if one["revoked"] is True else "signed"
        print(f"{state}  {one['digest']}  {one['name']}  by {by}  {one['id']}")
