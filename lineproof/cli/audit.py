"""``lineproof audit``: the whole story from data to decision, and one file that proves it."""

import argparse
import json
import sys
from pathlib import Path

from domain.canonical import JsonObject
from domain.errors import UsageError
from domain.strict_json import parse_json_object
from lineproof.cli.answers import text_of
from lineproof.cli.asking import ask
from lineproof.cli.exit_codes import Exit
from lineproof.cli.files import read_bytes
from lineproof.cli.options import add_backend
from lineproof.settings import Settings

SUMMARY = "Tell the story of a verdict, run, artifact or model with its proofs; pack it; check it."
FORMATS = ("text", "json", "html")
_WORDS = (
    "SUBJECT, `bundle SUBJECT`, or `verify FILE`; a subject is a verdict's id, run:ID, model, …"
)


def define(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("words", metavar="WORD", nargs="+", help=_WORDS)
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument(
        "--key", metavar="VKEY", help="the pinned key; required by verify, else the ledger's own"
    )
    add_backend(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Tell, pack or check."""
    words: list[str] = arguments.words
    if len(words) == 2 and words[0] == "verify":
        return _verify(Path(words[1]), arguments.key, arguments.format)
    if len(words) == 2 and words[0] == "bundle":
        return _tell(settings, words[1], arguments.key, "json")
    if len(words) == 1 and words[0] not in ("bundle", "verify"):
        return _tell(settings, words[0], arguments.key, arguments.format)
    raise UsageError("That is not what `audit` does.", hint=f"Write {_WORDS}.")


def _tell(settings: Settings, subject: str, key: str | None, form: str) -> int:
    bundle = ask(settings, "audit.bundle", {"subject": subject})
    sys.stdout.write(_shown(bundle, key or text_of(bundle, "key"), form))
    return Exit.OK


def _verify(path: Path, key: str | None, form: str) -> int:
    if key is None:
        raise UsageError(
            "A bundle cannot vouch for its own key.", hint="Pin one: --key, from `ledger key`."
        )
    sys.stdout.write(_shown(parse_json_object(read_bytes(path)), key, form))
    print("Verified: every line stands in the signed ledger.", file=sys.stderr)
    return Exit.OK


def _shown(bundle: JsonObject, key: str, form: str) -> str:
    """The bundle in a format, after all of it was checked."""
    from governance.audit_bundle import verified_bundle
    from governance.audit_story import story_html, story_text

    verified = verified_bundle(bundle, key)
    if form == "json":
        return json.dumps(bundle, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    return story_html(verified) if form == "html" else story_text(verified)
