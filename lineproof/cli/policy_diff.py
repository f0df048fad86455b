"""``lineproof policy diff``: a policy file held against what is in force."""

import argparse
from pathlib import Path

from domain.canonical import JsonObject
from lineproof.cli.answers import list_of
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_text
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Show what applying a policy file would change; writes nothing."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a lineproof.yaml")
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print each policy of the file with its differences."""
    from governance.policy_diff import policy_differences
    from governance.policy_reader import parse_policy_document

    document = parse_policy_document(read_text(arguments.file))
    backend = open_backend(settings)
    try:
        answer = backend.ask("policy.list", {})
    finally:
        backend.close()
    in_force = {str(item["name"]): item for item in list_of(answer, "policies")}
    for policy in document.policies.values():
        before = in_force.get(policy.name)
        found = policy_differences(_document(before), policy.document())
        state = "new" if before is None else "changed" if found else "unchanged"
        digests = (
            f"{before['digest']} -> {policy.digest()}" if found and before else policy.digest()
        )
        print(f"{policy.name}  {state}  {digests}")
        for item in found:
            print(f"  {item.path}: {item.before or 'absent'} -> {item.after or 'absent'}")
    return Exit.OK


def _document(item: JsonObject | None) -> JsonObject | None:
    document = item.get("document") if item else None
    return document if isinstance(document, dict) else None
