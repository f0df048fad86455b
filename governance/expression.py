"""CEL expressions over one run (https://cel.dev): total, so that every failure is said in words.

``run`` holds ``id``, ``name``, ``status``, ``params``, ``tags`` (texts), ``metrics`` (the last
value of each), ``inputs`` (``role``, ``facet``, ``kind``, ``name``, ``algorithm``, ``digest``,
``strength``). An expression that is not true or false is an error, and so is one that reads metrics
of a run which recorded a value that is not finite, or that comes to such a number itself.

What an expression means is what ``EVALUATOR`` makes of it, so that one version is part of what an
analysis is: another version means another analysis, with this one kept beside it.
"""

import math
import re
from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any, Final

from analytics.facts import RunFacts
from domain.errors import ErrorCode, UsageError

EVALUATOR: Final = "cel-python==0.5.0"
"""The one evaluator whose verdicts are recorded; the package depends on exactly this one."""
LIMIT: Final = 2_000
"""Characters."""
MACROS: Final = 2
"""Loops (``all``, ``exists``, ``map``, …) in one expression: each may multiply the time."""
PARTS: Final = 100
"""Operators, selections and brackets: keeps the depth far from the interpreter's stack, whose limit
must decide nothing."""
_PART = re.compile(r"[-+*/%!<>?.(\[{]|==|&&|\|\|")
_MACRO = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter|reduce|min)\s*\(")
_READS_RUN = re.compile(r"\brun\b")
_OPERATORS: Final = tuple(
    f"_{operator}_" for operator in ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=")
)
_CLOCK = re.compile(r"\b(?:timestamp|duration|get[A-Z]\w*)\s*\(")


def check_expression(text: str) -> None:
    """Raise ``UsageError`` (POLICY_INVALID) unless ``text`` is CEL within the limits."""
    if len(text) > LIMIT:
        raise _invalid(f"it has {len(text)} characters, {LIMIT} are allowed")
    if len(_PART.findall(text)) > PARTS:
        raise _invalid(f"it has more than {PARTS} operators and brackets")
    if len(_MACRO.findall(text)) > MACROS:
        raise _invalid(f"it loops more than {MACROS} times")
    if _CLOCK.search(text):
        raise _invalid("times and time zones depend on the machine")
    import celpy

    try:
        celpy.Environment().compile(text)
    except Exception as error:
        raise _invalid("it is not CEL") from error


def holds(text: str, facts: RunFacts, *, finite: bool = True) -> bool:
    """Whether the expression is true of the run.

    ``finite``: a number in it that is infinite or not a number makes it an error; older analyses
    took 1.0 / 0.0 for a large number. Raises ``UsageError`` (POLICY_INVALID) when it is neither
    true nor false.
    """
    if "metrics" in text:
        broken = [key for key, summary in facts.metrics.items() if not math.isfinite(summary.last)]
        if broken:
            raise _invalid(f"the metric {sorted(broken)[0]!r} of the run is not finite")
    return _evaluated(text, _run(facts), f"for the run {facts.run_id!r}", finite=finite)


def always_true(text: str) -> bool:
    """Whether the expression is true without a look at any run."""
    try:
        return not _READS_RUN.search(text) and _evaluated(text, {}, "by itself", finite=True)
    except UsageError:
        return False


def _evaluated(text: str, run: dict[str, object], whom: str, *, finite: bool) -> bool:
    check_expression(text)
    import celpy
    from celpy.adapter import json_to_cel
    from celpy.celtypes import BoolType

    environment = celpy.Environment()
    try:
        program = environment.program(
            environment.compile(text), functions=_finite_operators() if finite else None
        )
        found: object = program.evaluate({"run": json_to_cel(run)})
    except Exception as error:
        raise _invalid(f"it cannot be evaluated {whom}") from error
    if not isinstance(found, BoolType):
        raise _invalid("it is neither true nor false")
    return bool(found)


def held_by(text: str, candidate: Sequence[RunFacts], *, finite: bool = True) -> list[str]:
    """The ids of the runs of which the expression is true; arguments and errors as ``holds``."""
    return [facts.run_id for facts in candidate if holds(text, facts, finite=finite)]


@cache
def _finite_operators() -> dict[str, Callable[..., Any]]:
    """CEL's own operators, which refuse to take or to make a number that is not finite."""
    from celpy.evaluation import base_functions

    return {name: _finite(base_functions[name]) for name in _OPERATORS}


def _finite(operator: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(operator)
    def checked(*operands: Any) -> Any:
        found = operator(*operands)
        for number in (*operands, found):
            if isinstance(number, float) and not math.isfinite(number):
                raise ValueError("a number is not finite")
        return found

    return checked


def _run(facts: RunFacts) -> dict[str, object]:
    return {
        "id": facts.run_id,
        "name": facts.name,
        "status": facts.status,
        "params": dict(facts.params),
        "tags": dict(facts.tags),
        "metrics": {key: summary.last for key, summary in facts.metrics.items()},
        "inputs": [
            {
                "role": use.role,
                "facet": use.facet.value if use.facet else "",
                "kind": use.kind,
                "name": use.name,
                "algorithm": use.algorithm,
                "digest": use.digest,
                "strength": use.strength.name,
            }
            for use in facts.inputs
        ],
    }


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"The expression cannot be used: {why}.",
        code=ErrorCode.POLICY_INVALID,
        hint="Write CEL over `run`, such as `!('contaminated' in run.tags)`.",
    )
