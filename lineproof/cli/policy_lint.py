"""``lineproof policy lint``: checks a policy file without a ledger."""

import argparse
from pathlib import Path

from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_text
from lineproof.cli.warnings import show_warnings
from lineproof.settings import Settings

SUMMARY = "Check a policy file; exits 2 when it is not valid, warns of what is probably not meant."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a lineproof.yaml")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Read the file, name its policies and what looks doubtful."""
    from governance.policy_lint import lint
    from governance.policy_reader import parse_policy_document

    document = parse_policy_document(read_text(arguments.file))
    warnings = lint(document)
    show_warnings(warnings)
    for policy in document.policies.values():
        print(f"{policy.name}  {policy.digest()}  {len(policy.rules)} rules")
    print(f"{len(warnings)} warnings")
    return Exit.OK
