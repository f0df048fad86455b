"""The command line: finds the command, reads the settings, turns errors into words and exit codes.

An error is three things on stderr: what is wrong, what to do, and its stable code. Never a
traceback; an unexpected error shows one only when ``LINEPROOF_LOG_LEVEL`` is ``debug``.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from domain.errors import ErrorCode, LineproofError, UsageError
from lineproof import settings as names
from lineproof.cli import (
    approver,
    audit,
    compare,
    doctor,
    erase,
    export,
    gate,
    import_,
    ledger,
    lineage,
    policy,
    quarantine,
    replay,
    schedule,
    serve,
    signature,
    verdict,
    waiver,
    why,
    witness,
)
from lineproof.cli.exit_codes import exit_of_code
from lineproof.settings import Settings, read_settings
from lineproof.shadow import check_origins

_COMMANDS = (
    ("serve", serve),
    ("policy", policy),
    ("gate", gate),
    ("compare", compare),
    ("why", why),
    ("lineage", lineage),
    ("doctor", doctor),
    ("import", import_),
    ("export", export),
    ("verdict", verdict),
    ("quarantine", quarantine),
    ("schedule", schedule),
    ("waiver", waiver),
    ("approver", approver),
    ("signature", signature),
    ("audit", audit),
    ("replay", replay),
    ("ledger", ledger),
    ("witness", witness),
    ("erase", erase),
)
_OPTIONS = (
    ("data", names.DATA),
    ("graph", names.GRAPH),
    ("host", names.HOST),
    ("port", names.PORT),
    ("project", names.PROJECT),
    ("url", names.URL),
)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="lineproof",
        description="What made this number, is this run really better, and can you prove it.",
        epilog="Exit codes: 0 pass, 1 gate failed, 2 usage, 3 cannot judge, 4 integrity, "
        "5 unreachable.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, module in _COMMANDS:
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code of ``exit_codes.Exit``."""
    arguments = build_parser().parse_args(argv)
    level = names.LOG_LEVEL.default
    try:
        check_origins()
        settings = read_settings(_overrides(arguments))
        level = settings.log_level
        code = int(_run(arguments, settings))
        sys.stdout.flush()
    except LineproofError as error:
        _report(error)
        return exit_of_code(error.code)
    except BrokenPipeError:
        # The reader of our output has gone; what it did not read must not look like a pass.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_of_code(ErrorCode.INTERNAL)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last line: say it in words, exit as a failure
        return _report_unexpected(error, level)
    return code


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    result: int = arguments.run(arguments, settings)
    return result


def _overrides(arguments: argparse.Namespace) -> dict[str, str]:
    """The options that were given, by variable; ``--data`` beats an address in LINEPROOF_URL."""
    given = {option: getattr(arguments, option, None) for option, _ in _OPTIONS}
    if given["data"] is not None and given["url"] is None:
        given["url"] = ""
    return {
        variable.name: str(given[option])
        for option, variable in _OPTIONS
        if given[option] is not None
    }


def _report(error: LineproofError) -> None:
    lines = [f"lineproof: {error.message}"]
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    if error.context.get("request_id"):
        lines.append(f"  request: {error.context['request_id']}")
    lines.append(f"  code: {error.code}")
    for line in lines:
        print(_inert(line), file=sys.stderr)


def _inert(line: str) -> str:
    """A server's or a file's words cannot move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line)


def _report_unexpected(error: Exception, level: str) -> int:
    if level == "debug":
        traceback.print_exception(error)
    unexpected = UsageError(
        f"An unexpected failure: {type(error).__name__}.",
        code=ErrorCode.INTERNAL,
        hint="Run it again with LINEPROOF_LOG_LEVEL=debug and report what it prints.",
    )
    _report(unexpected)
    return exit_of_code(unexpected.code)
