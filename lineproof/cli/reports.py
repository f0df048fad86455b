"""A verdict's answer in the forms that CI systems read; made here, so that the server is not asked
for each."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from domain.canonical import JsonObject
from domain.errors import BackendError


def _json(answer: JsonObject) -> str:
    return json.dumps(answer, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _sarif(answer: JsonObject) -> str:
    from governance.sarif import sarif_report
    from governance.statement import statement_of

    statement = statement_of(_statement(answer))
    return _json(sarif_report(statement, str(answer.get("id")), _leaf(answer)))


def _junit(answer: JsonObject) -> str:
    from governance.junit import junit_report
    from governance.statement import statement_of

    return junit_report(statement_of(_statement(answer)), str(answer.get("id")), _leaf(answer))


def _github_check(answer: JsonObject) -> str:
    from governance.github_check import github_check
    from governance.statement import statement_of

    statement = statement_of(_statement(answer))
    return _json(github_check(statement, str(answer.get("id")), _text(answer, "markdown")))


REPORTS: Final[Mapping[str, Callable[[JsonObject], str]]] = {
    "text": lambda answer: _text(answer, "text"),
    "json": _json,
    "markdown": lambda answer: _text(answer, "markdown"),
    "sarif": _sarif,
    "junit": _junit,
    "github-check": _github_check,
}
"""Format to what is printed."""


def report(answer: JsonObject, form: str) -> str:
    """The answer in a format of ``REPORTS``; ``BackendError`` when it is not whole."""
    try:
        return REPORTS[form](answer)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise broken(f"cannot be shown as {form}") from error


def broken(why: str) -> BackendError:
    """An answer that is not what was promised; ``why`` is a clause."""
    return BackendError(f"The answer {why}.", hint="Nothing was judged; do not ship on it.")


def _statement(answer: JsonObject) -> JsonObject:
    statement = answer.get("statement")
    if not isinstance(statement, dict):
        raise broken("has no statement")
    return statement


def _text(answer: JsonObject, name: str) -> str:
    text = answer.get(name)
    if not isinstance(text, str) or not text:
        raise broken(f"has no {name}")
    return text if text.endswith("\n") else f"{text}\n"


def _leaf(answer: JsonObject) -> int | None:
    leaf = answer.get("leafIndex")
    return leaf if isinstance(leaf, int) else None
