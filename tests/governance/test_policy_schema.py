"""The published JSON Schema and the reader agree on what a policy file may say."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from domain.errors import UsageError
from governance import baseline_reader, policy_reader, rule_reader
from governance.policy_reader import parse_policy_document
from governance.rule import Requirement
from tests.governance.test_policy_reader import DESIGN, EVERY_KIND, MISTAKES

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "docs/reference/lineproof.schema.json").read_text(encoding="utf-8")
)
SHAPE_IS_NOT_ALL = {
    "duplicate key": "JSON Schema sees the last value alone",
    "duplicate metric": "the same",
    "tag": "tags are syntax",
    "anchor": "anchors are syntax",
    "deep": "syntax",
    "negative margin": "the schema knows decimals, not their range",
    "alpha": "the same",
    "unit of another kind": "units are looked up",
    "unknown unit": "the same",
    "same id": "ids are compared",
    "control character": "names are checked by character",
    "no expression": "the schema does not read CEL",
    "loops": "the same",
    "a clock": "the same",
    "own id": "ids are compared",
    "id of a part": "the same",
    "negative budget": "the schema knows quantities, not their range",
    "margin is not finite": "the schema reads .nan as a number",
}


def _names(definition: str) -> set[str]:
    return set(SCHEMA["$defs"][definition]["properties"])


def test_the_schema_names_the_fields_that_the_reader_knows() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(policy_reader.DOCUMENT_FIELDS)
    assert _names("metric") == set(policy_reader.METRIC_FIELDS)
    assert _names("policy") == set(policy_reader.POLICY_FIELDS)
    assert _names("baseline") == set(baseline_reader.BASELINES)
    assert _names("deltaRule") == set(rule_reader.DELTA_FIELDS)
    assert _names("limitRule") == set(rule_reader.LIMIT_FIELDS)
    assert _names("budgetRule") == set(rule_reader.BUDGET_FIELDS)
    head = {"id", "severity", "when", "on_fail"}
    assert _names("assertion") == {*head, "assert"}
    assert _names("provenanceRule") == {*head, "provenance"}
    assert _names("ruleOfRules") == {*head, "all_of", "any_of"}
    provenance = SCHEMA["$defs"]["provenanceRule"]["properties"]["provenance"]["properties"]
    assert set(provenance) == set(Requirement)
    identified = provenance["identified"]["properties"]
    assert set(identified["facet"]["enum"]) == set(rule_reader.FACETS)
    assert set(identified["strength"]["enum"]) == set(rule_reader.STRENGTHS)
    assert set(SCHEMA["$defs"]["onFail"]["enum"]) == set(rule_reader.ON_FAIL)
    metric = SCHEMA["$defs"]["metric"]["properties"]
    assert set(metric["direction"]["enum"]) == set(policy_reader.DIRECTIONS)
    assert set(metric["reducer"]["enum"]) == set(policy_reader.REDUCERS)
    assert set(SCHEMA["$defs"]["severity"]["enum"]) == set(rule_reader.SEVERITIES)
    policy = SCHEMA["$defs"]["policy"]["properties"]
    assert set(policy["min_comparability"]["enum"]) == set(rule_reader.FLOORS)
    assert set(policy["on_inconclusive"]["enum"]) == set(policy_reader.ON_INCONCLUSIVE)


def test_both_accept_the_design_document_and_its_canonical_form() -> None:
    jsonschema.validate(yaml.safe_load(DESIGN), SCHEMA)
    jsonschema.validate(parse_policy_document(DESIGN).policies["release"].document(), SCHEMA)


def test_both_accept_every_kind_of_rule_and_baseline() -> None:
    jsonschema.validate(yaml.safe_load(EVERY_KIND), SCHEMA)
    for policy in parse_policy_document(EVERY_KIND).policies.values():
        jsonschema.validate(policy.document(), SCHEMA)


@pytest.mark.parametrize(
    "text", [m[1] for m in MISTAKES if m[0] not in SHAPE_IS_NOT_ALL], ids=lambda text: ""
)
def test_both_refuse_a_wrong_shape(text: str) -> None:
    with pytest.raises(UsageError):
        parse_policy_document(text)
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, SCHEMA)
