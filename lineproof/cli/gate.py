"""``lineproof gate``: may the candidate ship? ``lineproof gate verify``: was that really said?"""

import argparse
import sys
from pathlib import Path

from domain.canonical import JsonObject, JsonValue
from domain.errors import UsageError
from domain.verdict import Outcome
from lineproof.cli import gate_verify
from lineproof.cli.backend import open_backend
from lineproof.cli.exit_codes import Exit, exit_of_outcome
from lineproof.cli.files import file_digest
from lineproof.cli.options import add_backend
from lineproof.cli.quorum import wait_for_quorum
from lineproof.cli.reports import REPORTS, broken, report
from lineproof.cli.run_set import SYNTAX, run_set
from lineproof.cli.wait import wait_for_candidate
from lineproof.settings import Settings

SUMMARY = "Judge candidate runs under a declared policy; the exit code is the answer."
_CI = ("repository", "commit", "merge_base", "pull_request", "url")


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options and its subcommand."""
    add_question(parser)
    add_format(parser)
    parser.add_argument("--idempotency-key", metavar="KEY", help="the same key asks once")
    parser.add_argument("--dry-run", action="store_true", help="judge and record nothing")
    parser.add_argument(
        "--artifact",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a file that is to ship; it must be what the candidate produced",
    )
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=float,
        default=0.0,
        help="wait at most so long for the candidate to be recorded and finished",
    )
    add_backend(parser)
    parser.set_defaults(run=run)
    commands = parser.add_subparsers(title="commands", metavar="[verify]")
    verify = commands.add_parser(
        "verify",
        help=gate_verify.SUMMARY,
        description=gate_verify.SUMMARY,
        allow_abbrev=False,
    )
    gate_verify.define(verify)


def add_question(parser: argparse.ArgumentParser) -> None:
    """What is to be judged, by which policy, against what."""
    parser.add_argument("--policy", metavar="NAME", help="the policy's name")
    parser.add_argument("--candidate", metavar="RUNS", help=SYNTAX)
    parser.add_argument("--baseline", metavar="RUNS", help="overrides the policy's baseline rule")
    parser.add_argument(
        "--experiment", metavar="NAME", action="append", default=[], help="where a filter looks"
    )
    for name in _CI:
        parser.add_argument(
            f"--ci-{name.replace('_', '-')}", metavar="TEXT", help="recorded with the verdict"
        )


def add_format(parser: argparse.ArgumentParser) -> None:
    """How a verdict is printed."""
    parser.add_argument("--format", choices=tuple(REPORTS), default="text", help="default: text")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Ask for a verdict, print it, and exit as it says."""
    request = request_of(arguments)
    backend = open_backend(settings)
    try:
        if arguments.wait > 0:
            wait_for_candidate(backend, request, seconds=arguments.wait)
        answer = backend.gate(request)
        code = show_verdict(answer, arguments.format)
        if settings.witnesses and code == Exit.OK:
            wait_for_quorum(backend, answer, settings.witnesses)
    finally:
        backend.close()
    return code


def request_of(arguments: argparse.Namespace) -> JsonObject:
    """The gate request that the options describe."""
    if not arguments.policy or not arguments.candidate:
        raise UsageError(
            "A gate needs a policy and a candidate.",
            hint="Add --policy NAME and --candidate RUNS.",
        )
    baseline: str | None = arguments.baseline
    request: dict[str, JsonValue] = {
        "policy": arguments.policy,
        "candidate": run_set(arguments.candidate, arguments.experiment),
    }
    if baseline:
        request["baseline"] = run_set(baseline, arguments.experiment)
    ci = {name: getattr(arguments, f"ci_{name}") for name in _CI}
    given: dict[str, JsonValue] = {_camel(name): text for name, text in ci.items() if text}
    if given:
        request["ci"] = given
    artifacts: list[Path] = getattr(arguments, "artifact", [])
    if artifacts:
        request["artifacts"] = [
            {"name": path.name, "digest": file_digest(path)} for path in artifacts
        ]
    if getattr(arguments, "idempotency_key", None):
        request["idempotencyKey"] = arguments.idempotency_key
    if getattr(arguments, "dry_run", False):
        request["dryRun"] = True
    return request


def show_verdict(answer: JsonObject, form: str) -> int:
    """Print a verdict; its exit code, which follows from the outcome and nothing else."""
    outcome = _outcome(answer)
    sys.stdout.write(report(answer, form))
    return exit_of_outcome(outcome)


def _outcome(answer: JsonObject) -> Outcome:
    """The outcome, stated twice in agreement; anything else is not a verdict."""
    statement = answer.get("statement")
    stated = statement.get("outcome") if isinstance(statement, dict) else None
    if stated is None or stated != answer.get("outcome"):
        raise broken("is not a verdict")
    try:
        return Outcome(str(stated))
    except ValueError as error:
        raise broken("has an unknown outcome") from error


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
