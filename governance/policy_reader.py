"""``lineproof.yaml`` (design §9) to typed policies: strict, with the place of every mistake."""

from collections.abc import Mapping
from typing import Final

from analytics.comparability import Level
from domain.canonical import JsonObject
from domain.facet import DEFAULT_REPLICATE_KEYS
from domain.metric import Direction, MetricDefinition, Reducer
from governance.baseline_reader import read_baselines
from governance.baseline_rule import Best
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
    OnInconclusive,
    Policy,
    PolicyDocument,
)
from governance.policy_yaml import located_yaml
from governance.rule import Rule, every, metrics_of
from governance.rule_reader import FLOORS, METRIC_LIMIT, RuleReader

BUILT_IN: Final = ("artifacts", "quarantine")
"""Ids of what every gate asks, whatever the policy says."""
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
DIRECTIONS: Final = {item.lower(): item for item in Direction}
REDUCERS: Final = {item.lower(): item for item in Reducer}
ON_INCONCLUSIVE: Final = {item.lower(): item for item in OnInconclusive}


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
    baselines = read_baselines(values["baseline"]) if "baseline" in values else ()
    read = metrics_of(rules) | {each.metric for each in baselines if isinstance(each, Best)}
    return Policy(
        name=name,
        replicates=replicates,
        metrics={key: metrics[key] for key in sorted(read & metrics.keys())},
        baseline=baselines[0] if baselines else None,
        second_baseline=baselines[1] if len(baselines) == 2 else None,
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
    reader = RuleReader(metrics)
    rules: list[Rule] = []
    seen: set[str] = set()
    for item in items_of(located, "rules"):
        rule = reader.read(item)
        for each in every([rule]):
            if each.id in seen:
                raise policy_error(item.place, f"two rules have the id {each.id!r}", "Rename one.")
            if each.id in BUILT_IN:
                raise policy_error(
                    item.place, f"the id {each.id!r} is the gate's own", "Rename it."
                )
            seen.add(each.id)
        rules.append(rule)
    return tuple(rules)
