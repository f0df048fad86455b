"""``lineproof.yaml`` (design §9) to typed policies: strict, with the place of every mistake."""

from collections.abc import Mapping
from typing import Final

from analytics.comparability import Level
from domain.canonical import JsonObject
from domain.facet import DEFAULT_REPLICATE_KEYS
from domain.metric import Direction, MetricDefinition, Reducer
from governance.field_reader import (
    choice_of,
    decimal_of,
    fields_of,
    integer_of,
    items_of,
    legal_name,
    mapping_of,
    name_of,
)
from governance.located import Fields, Located, Place, located_json, policy_error
from governance.policy import (
    FORMAT_VERSION,
    BaselineRule,
    LastPassing,
    OnInconclusive,
    PinnedGroup,
    PinnedRuns,
    Policy,
    PolicyDocument,
)
from governance.policy_yaml import located_yaml
from governance.rule import Rule
from governance.rule_reader import METRIC_LIMIT, read_rule

NAME_LIMIT: Final = 100
"""Characters of a policy's name or a rule's id."""
MAX_STEP: Final = 2**53 - 1
DOCUMENT_FIELDS: Final = ("version", "replicates", "metrics", "policies")
METRIC_FIELDS: Final = ("direction", "target", "unit", "reducer", "step")
POLICY_FIELDS: Final = (
    "baseline",
    "on_inconclusive",
    "min_comparability",
    "rules",
)
BASELINES: Final = ("pinned", "last_passing")
LATER_BASELINES: Final = ("merge_base", "window", "best")
DIRECTIONS: Final = {item.lower(): item for item in Direction}
REDUCERS: Final = {item.lower(): item for item in Reducer}
ON_INCONCLUSIVE: Final = {item.lower(): item for item in OnInconclusive}
FLOORS: Final = {item.lower(): item for item in (Level.UNKNOWN, Level.ASSUMED, Level.VERIFIED)}


def parse_policy_document(text: str) -> PolicyDocument:
    """The policies in ``text``; ``UsageError`` (POLICY_INVALID) with line, column and a hint."""
    return read_document(located_yaml(text))


def policy_from_document(document: JsonObject) -> Policy:
    """The one policy of a canonical document, as it stands in the ledger.

    Raises ``UsageError`` (POLICY_INVALID) when this version cannot read it.
    """
    policies = read_document(located_json(document)).policies
    if len(policies) != 1:
        raise policy_error(Place(path="policies"), "a recorded document holds exactly one policy")
    return next(iter(policies.values()))


def read_document(located: Located) -> PolicyDocument:
    """A located tree as a policy document."""
    fields = fields_of(located, "the document", DOCUMENT_FIELDS, ("version", "policies"))
    version = integer_of(fields.values["version"], "version", FORMAT_VERSION, FORMAT_VERSION)
    replicates = _replicates(fields)
    metrics = _metrics(fields)
    policies = mapping_of(fields.values["policies"], "policies")
    if not policies.values:
        raise policy_error(policies.place, "there is no policy", "Add one under `policies`.")
    read: dict[str, Policy] = {}
    for key, body in policies.values.items():
        name = legal_name(key, policies.keys.get(key, body.place), "policy name", NAME_LIMIT)
        read[name] = _policy(name, body, replicates, metrics)
    return PolicyDocument(version, replicates, metrics, read)


def _replicates(fields: Fields) -> tuple[str, ...]:
    if "replicates" not in fields.values:
        return DEFAULT_REPLICATE_KEYS
    items = items_of(fields.values["replicates"], "replicates")
    return tuple(sorted({name_of(item, "replicate key", METRIC_LIMIT) for item in items}))


def _metrics(fields: Fields) -> dict[str, MetricDefinition]:
    if "metrics" not in fields.values:
        return {}
    metrics = mapping_of(fields.values["metrics"], "metrics")
    read: dict[str, MetricDefinition] = {}
    for key, body in metrics.values.items():
        name = legal_name(key, metrics.keys.get(key, body.place), "metric name", METRIC_LIMIT)
        read[name] = _metric(name, body)
    return read


def _metric(name: str, body: Located) -> MetricDefinition:
    fields = fields_of(body, f"the metric {name!r}", METRIC_FIELDS)
    values = fields.values
    direction = (
        choice_of(values["direction"], "direction", DIRECTIONS)
        if "direction" in values
        else Direction.NONE
    )
    reducer = (
        choice_of(values["reducer"], "reducer", REDUCERS) if "reducer" in values else Reducer.LAST
    )
    _only_with(fields, "target", direction is Direction.TARGET, "direction: target")
    _only_with(fields, "step", reducer is Reducer.AT_STEP, "reducer: at_step")
    return MetricDefinition(
        name=name,
        direction=direction,
        target=decimal_of(values["target"], "target") if "target" in values else None,
        unit=name_of(values["unit"], "unit", 40) if "unit" in values else "",
        reducer=reducer,
        step=(
            integer_of(values["step"], "step", -MAX_STEP, MAX_STEP) if "step" in values else None
        ),
    )


def _only_with(fields: Fields, name: str, wanted: bool, partner: str) -> None:
    if wanted and name not in fields.values:
        raise policy_error(fields.place, f"`{partner}` needs a {name!r}", f"Add `{name}: …`.")
    if not wanted and name in fields.values:
        raise policy_error(
            fields.keys.get(name, fields.place), f"{name!r} stands without `{partner}`"
        )


def _policy(
    name: str,
    body: Located,
    replicates: tuple[str, ...],
    metrics: Mapping[str, MetricDefinition],
) -> Policy:
    fields = fields_of(body, f"the policy {name!r}", POLICY_FIELDS, ("rules",))
    values = fields.values
    rules = _rules(values["rules"], metrics)
    read = {rule.metric for rule in rules}
    return Policy(
        name=name,
        replicates=replicates,
        metrics={key: metrics[key] for key in sorted(read & metrics.keys())},
        baseline=_baseline(values["baseline"]) if "baseline" in values else None,
        on_inconclusive=(
            choice_of(values["on_inconclusive"], "on_inconclusive", ON_INCONCLUSIVE)
            if "on_inconclusive" in values
            else OnInconclusive.BLOCK
        ),
        min_comparability=(
            choice_of(values["min_comparability"], "min_comparability", FLOORS)
            if "min_comparability" in values
            else Level.UNKNOWN
        ),
        rules=rules,
    )


def _rules(located: Located, metrics: Mapping[str, MetricDefinition]) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    seen: set[str] = set()
    for item in items_of(located, "rules"):
        rule = read_rule(item, metrics)
        if rule.id in seen:
            raise policy_error(item.place, f"two rules have the id {rule.id!r}", "Rename one.")
        seen.add(rule.id)
        rules.append(rule)
    return tuple(rules)


def _baseline(located: Located) -> BaselineRule:
    fields = mapping_of(located, "baseline")
    for name in fields.values:
        if name in LATER_BASELINES:
            raise policy_error(
                fields.keys.get(name, fields.place),
                f"the baseline rule {name!r} is not supported by this version",
                f"Use one of: {', '.join(BASELINES)}.",
            )
    fields = fields_of(located, "baseline", BASELINES)
    if len(fields.values) != 1:
        raise policy_error(fields.place, "a baseline is exactly one of pinned, last_passing")
    if "last_passing" in fields.values:
        return _last_passing(fields.values["last_passing"])
    return _pinned(fields.values["pinned"])


def _last_passing(located: Located) -> LastPassing:
    fields = fields_of(located, "last_passing", ("branch",))
    branch = fields.values.get("branch")
    return LastPassing(None if branch is None else name_of(branch, "branch", METRIC_LIMIT))


def _pinned(located: Located) -> PinnedRuns | PinnedGroup:
    if isinstance(located, Fields):
        fields = fields_of(located, "pinned", ("group",), ("group",))
        return PinnedGroup(name_of(fields.values["group"], "run id", METRIC_LIMIT))
    items = items_of(located, "pinned")
    return PinnedRuns(tuple(sorted({name_of(item, "run id", METRIC_LIMIT) for item in items})))
