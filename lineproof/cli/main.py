"""The command line: finds the command, reads the settings, turns errors into words and exit codes.

An error is three things on stderr: what is wrong, what to do, and its stable code. Never a
traceback; an unexpected error shows one only when ``LINEPROOF_LOG_LEVEL`` is ``debug``.
"""

import argparse
import importlib
import keyword
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Protocol, cast

from domain.errors import ErrorCode, LineproofError, UsageError
from lineproof import settings as names
from lineproof.cli.exit_codes import exit_of_code
from lineproof.settings import Settings, read_settings
from lineproof.shadow import check_origins

_COMMANDS = (
    "serve",
    "policy",
    "gate",
    "compare",
    "why",
    "lineage",
    "doctor",
    "import",
    "export",
    "verdict",
    "quarantine",
    "schedule",
    "waiver",
    "approver",
    "signature",
    "audit",
    "replay",
    "ledger",
    "witness",
    "erase",
)
_OPTIONS = (
    ("data", names.DATA),
    ("graph", names.GRAPH),
    ("host", names.HOST),
    ("port", names.PORT),
    ("project", names.PROJECT),
    ("url", names.URL),
)


class _Command(Protocol):
    """A module of this package, named after its command."""

    SUMMARY: str

    def define(self, parser: argparse.ArgumentParser) -> None: ...


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The whole command line, or the part of it that holds one command."""
    parser = argparse.ArgumentParser(
        prog="lineproof",
        description="What made this number, is this run really better, and can you prove it.",
        epilog="Exit codes: 0 pass, 1 gate failed, 2 usage, 3 cannot judge, 4 integrity, "
        "5 unreachable.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in _COMMANDS if only is None else (only,):
        module = _command(name)
        command = commands.add_parser(
            name, help=module.SUMMARY, description=module.SUMMARY, allow_abbrev=False
        )
        module.define(command)
    return parser


def _command(name: str) -> _Command:
    """Loaded by its name, so that a gate need not wait for what an import needs."""
    module = f"lineproof.cli.{name}{'_' if keyword.iskeyword(name) else ''}"
    return cast("_Command", importlib.import_module(module))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code of ``exit_codes.Exit``."""
    argv = sys.argv[1:] if argv is None else argv
    asked = argv[0] if argv and argv[0] in _COMMANDS else None
    arguments = build_parser(asked).parse_args(argv)
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
