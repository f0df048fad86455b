"""Runs, comparisons and policies for tests of the judgement, built without any store."""

from collections.abc import Mapping, Sequence

from analytics.comparability import Check, Comparability, Level
from analytics.comparison import Comparison, Side
from analytics.decision import ANALYSIS
from analytics.delta import metric_deltas
from analytics.facts import RunFacts
from analytics.summaries import summarise
from domain.facet import Facet, Strength
from domain.metric import Direction, MetricDefinition
from domain.verdict import Severity
from governance.gate import Judgement, criteria_of, judge
from governance.policy import OnInconclusive, Policy
from governance.rule import DeltaRule, LimitRule, Rule

ACCURACY = MetricDefinition("accuracy", Direction.HIGHER)
GOOD = (0.95, 0.951, 0.952, 0.949, 0.95)
BAD = (0.90, 0.901, 0.902, 0.899, 0.90)
NOISY = (0.90, 0.96, 0.93, 0.99, 0.94)


def run(run_id: str, metrics: Mapping[str, float], seq: int = 10) -> RunFacts:
    return RunFacts(
        run_id=run_id,
        project="default",
        name=run_id,
        status="FINISHED",
        deleted=False,
        seq=seq,
        params={},
        tags={},
        inputs=(),
        parents=(),
        metrics={key: summarise(key, [(0, 0, value)], seq) for key, value in metrics.items()},
    )


def runs(prefix: str, values: Sequence[float], metric: str = "accuracy") -> list[RunFacts]:
    return [run(f"{prefix}{index}", {metric: value}) for index, value in enumerate(values)]


def delta_rule(
    margin: str = "0.005",
    *,
    severity: Severity = Severity.BLOCK,
    metric: str = "accuracy",
    **more: object,
) -> DeltaRule:
    settings: dict[str, object] = {"alpha": "0.05", "min_samples": 3, "id": metric, **more}
    return DeltaRule(
        id=str(settings["id"]),
        metric=metric,
        severity=severity,
        margin_absolute=margin,
        margin_relative=None,
        alpha=str(settings["alpha"]),
        min_samples=int(str(settings["min_samples"])),
    )


def limit_rule(
    maximum: str | None = "0.97",
    minimum: str | None = None,
    *,
    severity: Severity = Severity.BLOCK,
    metric: str = "accuracy",
) -> LimitRule:
    return LimitRule(f"limit-{metric}", metric, severity, minimum, maximum)


def policy(
    *rules: Rule,
    floor: Level = Level.UNKNOWN,
    on_inconclusive: OnInconclusive = OnInconclusive.BLOCK,
    metrics: Mapping[str, MetricDefinition] | None = None,
) -> Policy:
    return Policy(
        name="release",
        replicates=("seed",),
        metrics={"accuracy": ACCURACY} if metrics is None else metrics,
        baseline=None,
        on_inconclusive=on_inconclusive,
        min_comparability=floor,
        rules=rules,
    )


def comparison(
    of: Policy,
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    level: Level = Level.VERIFIED,
) -> Comparison:
    hint = "log_input(dataset, context='evaluation')" if level is Level.UNKNOWN else ""
    check = Check(Facet.EVAL_DATA, level, Strength.CONTENT, (), (), f"It is {level}.", hint)
    return Comparison(
        id="c",
        as_of=20,
        analysis=ANALYSIS,
        baseline=Side(tuple(r.run_id for r in baseline), (), None, "runs"),
        candidate=Side(tuple(r.run_id for r in candidate), (), None, "runs"),
        comparability=Comparability(level, (check,)),
        deltas=metric_deltas(baseline, candidate, of.metrics, criteria_of(of)),
        causes=(),
        unexplained=(),
    )


def judged(
    of: Policy,
    candidate: Sequence[float] | Sequence[RunFacts],
    baseline: Sequence[float] | Sequence[RunFacts] = GOOD,
    level: Level = Level.VERIFIED,
) -> Judgement:
    """The judgement of ``of`` on runs, or on values of accuracy."""
    left = [
        r if isinstance(r, RunFacts) else run(f"b{i}", {"accuracy": r})
        for i, r in enumerate(baseline)
    ]
    right = [
        r if isinstance(r, RunFacts) else run(f"c{i}", {"accuracy": r})
        for i, r in enumerate(candidate)
    ]
    return judge(of, right, comparison(of, left, right, level), analysis=ANALYSIS)
