"""``lineproof waiver``: exceptions that several people sign, for one thing, until a day."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from domain.canonical import JsonObject, JsonValue
from domain.errors import UsageError
from domain.strict_json import parse_json_object
from domain.waiver import WAIVER_VERSION
from lineproof.cli.answers import list_of, time_text
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_bytes, read_text
from lineproof.cli.options import add_backend, add_project
from lineproof.settings import Settings

SUMMARY = "Draft, sign, submit and list waivers."


def define(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)

    draft = add("draft", "Print a waiver to be signed: for one held root, or for one rule.")
    draft.add_argument("--root", metavar="NODE", help="a held root, from `quarantine list`")
    draft.add_argument("--policy", metavar="NAME", help="with --rule")
    draft.add_argument("--rule", metavar="ID", help="the rule that is waived")
    draft.add_argument("--runs", metavar="RUN[,RUN…]", help="the candidate runs it is waived for")
    draft.add_argument("--group", metavar="FINGERPRINT", help="or: runs of this run group")
    draft.add_argument("--artifact", metavar="NAME", help="or: runs that made what is so named")
    draft.add_argument("--reason", metavar="TEXT", required=True, help="why")
    draft.add_argument("--until", metavar="TIME", required=True, help="as 2027-01-31T12:00:00Z")
    add_project(draft)
    draft.set_defaults(run=run_draft)
    sign = add("sign", "Print a signature over a draft; needs no server.")
    sign.add_argument("draft", metavar="DRAFT.json", type=Path, help="from `waiver draft`")
    sign.add_argument("--key", metavar="FILE", type=Path, required=True, help="a private key")
    sign.set_defaults(run=run_sign)
    submit = add("submit", "Record a waiver with its signatures.")
    submit.add_argument("draft", metavar="DRAFT.json", type=Path, help="from `waiver draft`")
    submit.add_argument(
        "--signature", metavar="FILE", type=Path, action="append", default=[], help="each one"
    )
    add_backend(submit)
    submit.set_defaults(run=run_submit)
    revoke = add("revoke", "End a waiver before its time.")
    revoke.add_argument("id", metavar="ID", help="as `waiver list` shows it")
    revoke.add_argument("--reason", metavar="TEXT", required=True, help="why")
    add_backend(revoke)
    revoke.set_defaults(run=run_revoke)
    listing = add("list", "List every waiver and whether it is in force.")
    add_backend(listing)
    listing.set_defaults(run=run_list)


def run_draft(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the document that is to be signed."""
    from governance.waiver import waiver_document

    body: dict[str, JsonValue] = {
        "version": WAIVER_VERSION,
        "project": settings.project,
        "reason": arguments.reason,
        "expires": milliseconds(arguments.until),
    }
    for name in ("root", "policy", "rule", "group", "artifact"):
        if getattr(arguments, name) is not None:
            body[name] = getattr(arguments, name)
    if arguments.runs:
        body["runs"] = [run.strip() for run in arguments.runs.split(",")]
    print(json.dumps(waiver_document(body), indent=2, sort_keys=True, ensure_ascii=False))
    return Exit.OK


def run_sign(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Print the signature of one approver."""
    from governance.waiver import sign_waiver, waiver_document
    from ledger.signing import parse_signer

    document = waiver_document(parse_json_object(read_bytes(arguments.draft)))
    print(json.dumps(sign_waiver(document, parse_signer(read_text(arguments.key)))))
    return Exit.OK


def run_submit(arguments: argparse.Namespace, settings: Settings) -> int:
    """Record the waiver."""
    body: JsonObject = {
        "document": parse_json_object(read_bytes(arguments.draft)),
        "signatures": [parse_json_object(read_bytes(path)) for path in arguments.signature],
    }
    _show(ask(settings, "waiver.submit", body))
    return Exit.OK


def run_revoke(arguments: argparse.Namespace, settings: Settings) -> int:
    """End a waiver."""
    _show(ask(settings, "waiver.revoke", {"id": arguments.id, "reason": arguments.reason}))
    return Exit.OK


def run_list(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Print one line for each waiver."""
    for waiver in list_of(ask(settings, "waiver.list", {}), "waivers"):
        _show(waiver)
    return Exit.OK


def milliseconds(text: str) -> int:
    """A time with its zone as ms since the epoch; ``UsageError`` when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            f"{text[:60]!r} is no time with a zone.", hint="Write 2027-01-31T12:00:00Z."
        )
    return int(moment.astimezone(UTC).timestamp() * 1000)


def _show(waiver: JsonObject) -> None:
    document = waiver.get("document")
    fields: JsonObject = document if isinstance(document, dict) else {}
    what = fields.get("root") or f"rule {fields.get('rule')} of {fields.get('policy')}"
    force = "in force" if waiver.get("inForce") is True else "not in force"
    signed = waiver.get("signedBy")
    names = ", ".join(map(str, signed)) if isinstance(signed, list) else ""
    print(
        f"{waiver['id']}  {force}  {what}  until {time_text(fields.get('expires'))}  "
        f"by {names or 'nobody'}: {fields.get('reason')}"
    )
