"""``lineproof gate verify``: holds a verdict against its proof, offline, with a pinned key.

1. read the verdict: the file is what ``--format json`` printed;
2. the entry in it must stand in the signed ledger: inclusion proof, signature and origin;
3. what the verdict claims must be what that entry records, to the byte;
4. what is shown beside the claim (outcome, exit code) must follow from it;
5. it must be the verdict that was expected: runs, policy, commit, project, age. A genuine verdict
   about something else, or one that is too old, is no evidence.
"""

import argparse
from pathlib import Path

from domain.canonical import JsonObject, canonical_bytes, sha256_text
from domain.errors import ErrorCode, IntegrityError, UsageError
from domain.strict_json import parse_json_object
from domain.verdict import Outcome
from lineproof.cli import expectations
from lineproof.cli.exit_codes import Exit, exit_of_outcome
from lineproof.cli.expectations import ANYTHING, Expected
from lineproof.cli.files import read_bytes, read_text
from lineproof.cli.pinned_key import add_keys, read_keys
from lineproof.cli.quorum import read_quorum, require_quorum
from lineproof.settings import Settings

SUMMARY = "Check a verdict against its proof, offline; exits 4 when it does not hold."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "verdict", metavar="VERDICT.json", type=Path, help="what --format json printed"
    )
    parser.add_argument(
        "--proof", metavar="FILE", type=Path, required=True, help="from `lineproof ledger prove`"
    )
    parser.add_argument(
        "--key", metavar="VKEY", required=True, help="from `lineproof ledger key`, pinned"
    )
    add_keys(parser)
    parser.add_argument(
        "--witnesses", metavar="FILE", help="a witness policy, demanded (LINEPROOF_WITNESSES)"
    )
    expectations.define(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Verify, and say in one line what holds."""
    answer = parse_json_object(read_bytes(arguments.verdict))
    expected = expectations.expected_of(arguments)
    proof = read_text(arguments.proof)
    said = verify(answer, proof, arguments.key, expected, keys=read_keys(arguments))
    _check_witnesses(proof, arguments.witnesses or settings.witnesses)
    print(said)
    return exit_of_outcome(Outcome(str(answer["outcome"]))) if expected.passed else Exit.OK


def verify(
    answer: JsonObject,
    proof: str,
    vkey: str,
    expected: Expected = ANYTHING,
    *,
    keys: bytes | None = None,
) -> str:
    """What is proven, in one line. ``keys`` is the ledger's ``ledger.toml``, when it is at hand.

    Raises ``IntegrityError`` (PROOF_INVALID, CHECKPOINT_INVALID) when the evidence does not hold,
    ``UsageError`` when the file is not a verdict that was recorded.
    """
    from ledger.proof import parse_proof, verify_proof

    # 1
    entry, statement = answer.get("entry"), answer.get("statement")
    if not isinstance(entry, str) or not isinstance(statement, dict):
        raise UsageError(
            "The file is not a recorded verdict.",
            code=ErrorCode.MALFORMED,
            hint="Print one with `lineproof verdict show ID --format json`; "
            "a dry run is not recorded and cannot be proven.",
        )
    # 2
    checkpoint = verify_proof(proof, entry.encode("utf-8"), vkey, keys=keys)
    index = parse_proof(proof).index
    # 3
    _check_claim(answer, statement, entry)
    # 4
    _check_shown(answer, statement, index)
    # 5
    wrong = expectations.mismatch(statement, index, checkpoint.size, expected)
    if wrong:
        raise _not_so(wrong)
    return (
        f"Verified: {statement['outcome']} by policy {_policy_name(statement)}, verdict "
        f"{answer['id']}, is entry {index} of {checkpoint.origin}, "
        f"signed at {checkpoint.size} entries."
    )


def _check_witnesses(proof: str, policy: str) -> None:
    if policy:
        from ledger.proof import parse_proof

        require_quorum(read_quorum(policy), parse_proof(proof).checkpoint)


def _check_claim(answer: JsonObject, statement: JsonObject, entry: str) -> None:
    from domain.verdict import VERDICT_RECORDED
    from governance.statement import statement_of
    from governance.verdict import recorded_payload
    from ledger.entry import decode

    try:
        payload = canonical_bytes(
            recorded_payload(str(answer.get("id")), statement_of(statement))  # type: ignore[arg-type]
        )
    except (KeyError, TypeError, UsageError) as error:
        raise _not_so("its statement is not complete") from error

    def blob(digest: str) -> bytes:
        if sha256_text(payload) != digest:
            raise _not_so("the ledger records another claim")
        return payload

    recorded = decode(0, entry.encode("utf-8"), blob)
    if recorded.type != VERDICT_RECORDED or recorded.project != statement.get("project"):
        raise _not_so("the entry records something else")
    if canonical_bytes(recorded.payload) != payload:
        raise _not_so("the ledger records another claim")


def _check_shown(answer: JsonObject, statement: JsonObject, index: int) -> None:
    from lineproof.verdicts import shown_beside

    for name, value in shown_beside(statement).items():
        if answer.get(name) != value:
            raise _not_so(f"its {name} does not follow from its statement")
    if answer.get("leafIndex") != index:
        raise _not_so("the proof is of another entry")


def _policy_name(statement: JsonObject) -> str:
    policy = statement.get("policy")
    return str(policy.get("name")) if isinstance(policy, dict) else "?"


def _not_so(why: str) -> IntegrityError:
    return IntegrityError(
        f"The verdict does not hold: {why}.",
        code=ErrorCode.PROOF_INVALID,
        hint="Do not ship on it; ask the ledger for the verdict itself.",
    )
