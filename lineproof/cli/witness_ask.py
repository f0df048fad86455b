"""``lineproof witness ask``: have the ledger's newest checkpoint cosigned now.

A server does it by itself, each second; this is for ledgers that no server keeps open.
"""

import argparse
import sys

from domain.errors import NotFoundError
from lineproof.cli.exit_codes import Exit
from lineproof.settings import Settings

SUMMARY = "Have the newest checkpoint cosigned by the witnesses of ledger/witnesses.policy."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--data", metavar="DIR", help="the data folder (LINEPROOF_DATA)")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask every witness once; exits 4 when one refuses, 3 without a quorum."""
    from domain.errors import IntegrityError
    from ledger.witnessing import Witnessing, read_witness_policy

    policy = read_witness_policy(settings.data)
    if policy is None:
        raise NotFoundError(
            "This ledger has no witness policy.",
            hint="Write one to ledger/witnesses.policy, as https://c2sp.org/tlog-policy says.",
        )
    witnesses = Witnessing(settings.data, policy)
    try:
        done = witnesses.round()
    finally:
        witnesses.close()
    for failure in done.failures:
        print(f"lineproof: {failure.message}", file=sys.stderr)
    refusals = [failure for failure in done.failures if isinstance(failure, IntegrityError)]
    if refusals:
        raise refusals[0]
    print(f"{done.size} entries, cosigned by {', '.join(done.by) or 'nobody'}.")
    return Exit.OK if done.quorum else Exit.CANNOT_JUDGE
