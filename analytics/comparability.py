"""May these runs be compared at all? Looks only at what must not differ."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from analytics.criterion import Criterion
from analytics.facet_words import FACET_WORDS, recording_hint
from analytics.facts import GIT_COMMIT, Input, RunFacts
from analytics.groups import facet_inputs, facet_tag
from analytics.statement import (
    Statement,
    conflicting,
    equal_strength,
    proven_different,
    statement,
)
from domain.facet import Facet, Strength
from domain.metric import MetricDefinition


class Level(StrEnum):
    """From proven equal to proven different. CONFLICT: one weak identity, two contents."""

    VERIFIED = "VERIFIED"
    ASSUMED = "ASSUMED"
    UNKNOWN = "UNKNOWN"
    CONFLICT = "CONFLICT"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Check:
    """One facet of the two sides held against each other, with the reason in words."""

    facet: Facet
    level: Level
    strength: Strength
    """How strongly the answer is known: the weaker side's."""
    baseline: tuple[str, ...]
    """The distinct digests on that side, ordered; empty when not recorded."""
    candidate: tuple[str, ...]
    reason: str
    hint: str
    """When the level is UNKNOWN: the one line that would record the missing facet."""


@dataclass(frozen=True, slots=True)
class Comparability:
    """The worst level over ``checks``."""

    level: Level
    checks: tuple[Check, ...]
    budget_checks: tuple[Check, ...] = ()
    """HARDWARE and ENVIRONMENT, where a metric of time or memory is compared; they count for such
    metrics alone."""

    def of_metric(self, definition: MetricDefinition) -> "Comparability":
        """The checks that count for one metric, and the worst level over them."""
        if not self.budget_checks or not is_budget(definition):
            return Comparability(self.level, self.checks)
        checks = (*self.checks, *self.budget_checks)
        return Comparability(_worst(checks), checks)


def is_budget(definition: MetricDefinition) -> bool:
    """Whether the metric is one of time or memory, as its unit (UCUM) says."""
    return _BUDGET_UNIT.fullmatch(definition.unit) is not None


def comparability(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    definitions: Mapping[str, MetricDefinition],
    criteria: Mapping[str, Criterion],
) -> Comparability:
    """The evaluation data, evaluation code and metric definition of all runs of both sides.

    For metrics of time and memory also the hardware and the environment.
    """
    metrics = criteria or {name for facts in (*baseline, *candidate) for name in facts.metrics}
    undeclared = sorted(name for name in metrics if name not in definitions)
    checks = (
        _check(Facet.EVAL_DATA, baseline, candidate, _inputs_of(Facet.EVAL_DATA)),
        _check(Facet.EVAL_CODE, baseline, candidate, _evaluation_code, _by_commit),
        _check(
            Facet.METRIC_DEF,
            baseline,
            candidate,
            _inputs_of(Facet.METRIC_DEF),
            lambda _: _by_declaration(undeclared, bool(metrics)),
        ),
    )
    return Comparability(
        _worst(checks), checks, _budget_checks(baseline, candidate, metrics, definitions)
    )


def _budget_checks(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    metrics: Collection[str],
    definitions: Mapping[str, MetricDefinition],
) -> tuple[Check, ...]:
    if not any(name in definitions and is_budget(definitions[name]) for name in metrics):
        return ()
    return tuple(
        _check(facet, baseline, candidate, _inputs_of(facet))
        for facet in (Facet.HARDWARE, Facet.ENVIRONMENT)
    )


def _worst(checks: Sequence[Check]) -> Level:
    return max((check.level for check in checks), key=_RANK.index)


_BUDGET_UNIT = re.compile(r"(?:[munp]?s|min|h|d|(?:[kMGT]|[KMGT]i)?(?:By|bit))", re.ASCII)
_RANK = (Level.VERIFIED, Level.ASSUMED, Level.UNKNOWN, Level.CONFLICT, Level.BROKEN)

_Finding: TypeAlias = tuple[Level, Strength, str]
_Inputs: TypeAlias = Callable[[RunFacts], Sequence[Input]]
_Fallback: TypeAlias = Callable[[Sequence[RunFacts]], _Finding]


def _check(
    facet: Facet,
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    inputs: _Inputs,
    fallback: _Fallback | None = None,
) -> Check:
    """One facet: what is stated of it decides; ``fallback`` says what silence means."""
    runs = (*baseline, *candidate)
    tags = [facet_tag(facts, facet) for facts in runs]
    by_tag = None not in tags
    stated = [
        statement(tag, inputs(facts), by_tag=by_tag) for tag, facts in zip(tags, runs, strict=True)
    ]
    if not baseline or not candidate:
        level, strength, reason = Level.UNKNOWN, Strength.UNKNOWN, "A side has no runs."
    else:
        level, strength, reason = _hold(FACET_WORDS[facet].capitalize(), stated)
        if level is Level.UNKNOWN and strength is Strength.UNKNOWN and fallback is not None:
            level, strength, reason = fallback(runs)
    return Check(
        facet=facet,
        level=level,
        strength=strength,
        baseline=_digests(stated[: len(baseline)]),
        candidate=_digests(stated[len(baseline) :]),
        reason=reason,
        hint=recording_hint(facet) if level is Level.UNKNOWN else "",
    )


def hold_versions(before: Input, after: Input) -> tuple[Level, Strength, str]:
    """Two versions of an artifact held against each other: how equal, how surely, and why."""
    stated = [statement(None, [use], by_tag=False) for use in (before, after)]
    return _hold(before.kind.capitalize(), stated)


def _hold(words: str, stated: Sequence[Statement]) -> _Finding:
    """Hold the statements of all runs against each other."""
    conflict = conflicting(stated)
    if conflict:
        reason = f"{words} {conflict} is one name or sampled digest with different contents."
        return Level.CONFLICT, Strength.CONTENT, reason
    different = proven_different(stated)
    if different is not None:
        return Level.BROKEN, different.strength, f"{words} differs: {different.values}."
    silent = sum(1 for statement in stated if not statement)
    if silent:
        reason = f"{silent} of {len(stated)} runs recorded no {words.lower()}."
        return Level.UNKNOWN, Strength.UNKNOWN, reason
    strength = equal_strength(stated)
    if strength is None:
        reason = f"{words} is recorded in ways that cannot be held against each other."
        return Level.UNKNOWN, Strength.NAMED, reason
    if strength >= Strength.MANIFEST:
        return Level.VERIFIED, strength, f"{words} is equal by {strength.name.lower()} digest."
    how = "a sampled digest" if strength is Strength.SAMPLED else "name"
    return Level.ASSUMED, strength, f"{words} is equal only by {how}."


def _inputs_of(facet: Facet) -> _Inputs:
    return lambda facts: facet_inputs(facts, facet)


def _evaluation_code(facts: RunFacts) -> Sequence[Input]:
    """The evaluation's own code; a commit of the repository proves nothing of it."""
    return [use for use in facet_inputs(facts, Facet.EVAL_CODE) if use.algorithm != GIT_COMMIT]


def _by_commit(runs: Sequence[RunFacts]) -> _Finding:
    """Without evaluation code of its own, what the repository's commit tells."""
    commits = {
        tuple(sorted({use.digest for use in facts.inputs if use.algorithm == GIT_COMMIT}))
        for facts in runs
    }
    if () in commits:
        return Level.UNKNOWN, Strength.UNKNOWN, "Evaluation code was not recorded by every run."
    if len(commits) > 1:
        reason = "The commit differs; whether the evaluation code does was not recorded."
        return Level.UNKNOWN, Strength.UNKNOWN, reason
    reason = "All runs are of one commit; whether the tree was clean was not recorded."
    return Level.ASSUMED, Strength.NAMED, reason


def _by_declaration(undeclared: Sequence[str], any_metric: bool) -> _Finding:
    """Without a digest of its own, a metric is what its one declared definition says."""
    if not any_metric:
        return Level.UNKNOWN, Strength.UNKNOWN, "No run recorded a metric."
    if undeclared:
        names = ", ".join(undeclared[:3]) + (" …" if len(undeclared) > 3 else "")
        return Level.UNKNOWN, Strength.UNKNOWN, f"No definition is declared for: {names}."
    return Level.ASSUMED, Strength.NAMED, "Each metric has one declared definition."


def _digests(stated: Sequence[Statement]) -> tuple[str, ...]:
    return tuple(sorted({text for statement in stated for text in statement.texts}))
