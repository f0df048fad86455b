"""lineproof.yaml: every legal document has one canonical form, every mistake has its place."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.comparability import Level
from domain.errors import ErrorCode, UsageError
from domain.metric import Direction, Reducer
from domain.verdict import Severity
from governance.baseline_rule import LastPassing, PinnedGroup, PinnedRuns
from governance.policy import OnInconclusive
from governance.policy_lint import lint
from governance.policy_reader import parse_policy_document, policy_from_document
from governance.rule import DeltaRule, LimitRule

DESIGN = """\
version: 1
replicates: [seed, random_state]
metrics:
  accuracy:          {direction: higher}
  val_loss:          {direction: lower, reducer: min}
  peak_memory_bytes: {direction: lower, unit: By}
policies:
  release:
    baseline: {last_passing: {branch: main}}
    on_inconclusive: block
    min_comparability: assumed
    rules:
      - {id: accuracy, metric: accuracy, margin: {abs: "0.005"}, alpha: "0.05", min_samples: 3}
      - {id: memory, metric: peak_memory_bytes, limit: {max: 2GiB}, severity: warn}
"""


def test_the_design_document_reads_as_it_says() -> None:
    document = parse_policy_document(DESIGN)

    policy = document.policies["release"]
    assert document.metrics["val_loss"].reducer is Reducer.MIN
    assert policy.replicates == ("random_state", "seed")
    assert policy.baseline == LastPassing("main")
    assert policy.on_inconclusive is OnInconclusive.BLOCK
    assert policy.min_comparability is Level.ASSUMED
    assert policy.rules == (
        DeltaRule("accuracy", "accuracy", Severity.BLOCK, "0.005", None, "0.05", 3),
        LimitRule("memory", "peak_memory_bytes", Severity.WARN, None, "2147483648"),
    )
    assert list(policy.metrics) == ["accuracy", "peak_memory_bytes"]
    assert policy.metrics["accuracy"].direction is Direction.HIGHER


def test_spelling_does_not_change_the_identity() -> None:
    other = DESIGN.replace('"0.005"', "0.00500").replace("2GiB", '"2147483648 By"')
    other = other.replace("    on_inconclusive: block\n", "").replace(
        "[seed, random_state]", "\n  - random_state\n  - seed"
    )

    first = parse_policy_document(DESIGN).policies["release"]
    second = parse_policy_document(other).policies["release"]

    assert first.digest() == second.digest()


def test_what_a_policy_does_not_read_is_no_part_of_its_identity() -> None:
    other = DESIGN.replace("val_loss: ", "test_loss:")
    changed = DESIGN.replace(
        "accuracy:          {direction: higher}", "accuracy: {direction: lower}"
    )

    digests = [
        parse_policy_document(text).policies["release"].digest()
        for text in (DESIGN, other, changed)
    ]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_the_canonical_document_is_a_policy_file_of_the_same_policy() -> None:
    policy = parse_policy_document(DESIGN).policies["release"]

    from_ledger = policy_from_document(policy.document())
    from_file = parse_policy_document(json.dumps(policy.document())).policies["release"]

    assert from_ledger == policy == from_file
    assert from_ledger.document() == policy.document()


_NUMBERS = st.decimals(0, 10, places=4, allow_nan=False).map(lambda value: format(value, "f"))
_RULES = st.fixed_dictionaries(
    {"metric": st.sampled_from(["accuracy", "loss", "größe"])},
    optional={"severity": st.sampled_from(["block", "warn", "info"])},
).flatmap(
    lambda head: st.one_of(
        st.fixed_dictionaries(
            {"margin": st.fixed_dictionaries({"abs": _NUMBERS}, optional={"rel": _NUMBERS})},
            optional={"min_samples": st.integers(2, 30), "alpha": st.just("0.01")},
        ),
        st.fixed_dictionaries({"limit": st.fixed_dictionaries({"max": _NUMBERS})}),
    ).map(lambda body: {**head, **body})
)


@settings(max_examples=60)
@given(rules=st.lists(_RULES, min_size=1, max_size=4), flow=st.booleans())
def test_every_policy_survives_its_canonical_form(
    rules: list[dict[str, object]], flow: bool
) -> None:
    numbered = [{"id": f"r{index}", **rule} for index, rule in enumerate(rules)]
    text = yaml.safe_dump(
        {"version": 1, "policies": {"p": {"rules": numbered}}},
        default_flow_style=flow,
        allow_unicode=True,
    )

    policy = parse_policy_document(text).policies["p"]

    assert policy_from_document(policy.document()) == policy


def test_baselines() -> None:
    def baseline(text: str) -> object:
        return (
            parse_policy_document(DESIGN.replace("{last_passing: {branch: main}}", text))
            .policies["release"]
            .baseline
        )

    assert baseline("{pinned: [b, a, b]}") == PinnedRuns(("a", "b"))
    assert baseline("{pinned: {group: a}}") == PinnedGroup("a")
    assert baseline("{last_passing: {}}") == LastPassing(None)


def _with(old: str, new: str) -> str:
    assert old in DESIGN
    return DESIGN.replace(old, new)


def _memory(rule: str) -> str:
    """The design's policy with another rule in the place of the memory limit."""
    return _with(
        "{id: memory, metric: peak_memory_bytes, limit: {max: 2GiB}, severity: warn}",
        f"{{id: memory, {rule}}}",
    )


EVERY_KIND = """\
version: 1
metrics:
  accuracy: {direction: higher}
  gpu_hours: {direction: lower, unit: h}
policies:
  everything:
    baseline: [{last_passing: {branch: main}}, {pinned: [r1]}]
    rules:
      - {id: a, metric: accuracy, margin: {abs: "0.01"}, min_comparability: verified}
      - {id: b, metric: gpu_hours, budget: {total: 40 h}, when: "run.name != 'x'"}
      - {id: c, assert: "!('contaminated' in run.tags)", on_fail: quarantine}
      - {id: d, provenance: {identified: {facet: train_data, strength: content}}}
      - {id: e, provenance: {clean_commit: true}, severity: warn}
      - {id: signed, provenance: {signed_by: {key: ci, artifact: model.bin}}}
      - {id: data, provenance: {signed_by: {key: ci, facet: train_data}}}
      - {id: replayed, provenance: {replay: required}}
      - id: f
        any_of:
          - {id: f1, provenance: {no_quarantined_ancestor: true}}
          - id: f2
            all_of: [{id: f3, assert: "true"}, {id: f4, metric: accuracy, limit: {min: 0}}]
  drift: {baseline: {window: {n: 64}}, rules: [{id: a, metric: accuracy, margin: {abs: 1}}]}
  best: {baseline: {best: {metric: accuracy}}, rules: [{id: a, metric: x, margin: {abs: 1}}]}
  branch: {baseline: {merge_base: {}}, rules: [{id: a, metric: accuracy, margin: {rel: "0.1"}}]}
"""


def test_every_kind_of_rule_and_baseline_survives_its_canonical_form() -> None:
    for policy in parse_policy_document(EVERY_KIND).policies.values():
        assert policy_from_document(policy.document()) == policy


def test_a_best_baseline_brings_its_metric_with_it() -> None:
    policy = parse_policy_document(EVERY_KIND).policies["best"]
    assert policy.metrics["accuracy"].direction is Direction.HIGHER


MISTAKES = [
    ("unknown field", _with("severity: warn", "servity: warn"), 14, 69, "Did you mean 'severity'"),
    ("unknown section", _with("replicates:", "replicate:"), 2, 1, "Did you mean 'replicates'"),
    ("unknown metric field", _with("unit: By", "units: By"), 6, 41, "Did you mean 'unit'"),
    ("unknown choice", _with("higher", "hihger"), 4, 34, "Did you mean 'higher'"),
    ("duplicate key", _with("on_inconclusive: block", "rules: []"), 12, 5, "line 10"),
    ("duplicate metric", _with("val_loss: ", "accuracy: "), 5, 3, "line 4"),
    ("tag", _with("2GiB", "!!str 2GiB"), 14, 62, ""),
    ("object tag", _with("2GiB", "!!python/object/apply:os.system [id]"), 14, 62, ""),
    ("anchor", _with("{abs:", "&m {abs:"), 13, 50, ""),
    ("alias", _with("2GiB", "*m"), 14, 62, ""),
    ("wrong type", _with("{direction: higher}", "higher"), 4, 22, ""),
    ("number as name", _with("branch: main", "branch: 3"), 9, 39, "quotes"),
    ("boolean as name", _with("branch: main", "branch: no"), 9, 39, "quotes"),
    ("rules are a list", _with("rules:\n", "rules:\n      a: b\n      b:\n"), 13, 7, ""),
    ("version", _with("version: 1", "version: 2"), 1, 10, ""),
    ("missing version", _with("version: 1\n", ""), 1, 1, "version"),
    ("negative margin", _with('"0.005"', '"-0.005"'), 13, 56, ""),
    ("margin is no number", _with('"0.005"', '"5%"'), 13, 56, "0.005"),
    ("margin is not finite", _with('"0.005"', ".nan"), 13, 56, ""),
    ("margin of another kind", _with("abs:", "absolute:"), 13, 51, "abs"),
    ("empty margin", _with('{abs: "0.005"}', "{}"), 13, 50, ""),
    ("alpha", _with('alpha: "0.05"', 'alpha: "0.5"'), 13, 73, "0.05"),
    ("samples", _with("min_samples: 3", "min_samples: 1"), 13, 94, ""),
    ("samples as text", _with("min_samples: 3", 'min_samples: "3"'), 13, 94, ""),
    ("unit of another kind", _with("2GiB", "2 min"), 14, 62, "unit"),
    ("unknown unit", _with("2GiB", "2 parsecs"), 14, 62, "GiB"),
    ("metric of an assertion", _with("limit: {max: 2GiB}", "assert: x"), 14, 22, "assert"),
    ("no expression", _memory('assert: "run."'), 14, 30, "CEL"),
    ("loops", _memory('assert: "[1].all(a, [1].all(b, [1].all(c, true)))"'), 14, 30, "CEL"),
    ("a clock", _memory("assert: \"timestamp('x') > timestamp('y')\""), 14, 30, "CEL"),
    ("unknown requirement", _memory("provenance: {cleen_commit: true}"), 14, 35, "clean_commit"),
    ("replay of another kind", _memory("provenance: {replay: maybe}"), 14, 43, "required"),
    ("signed by nobody", _memory("provenance: {signed_by: {artifact: a}}"), 14, 46, ""),
    (
        "signed twice",
        _memory("provenance: {signed_by: {key: a, artifact: b, facet: seed}}"),
        14,
        46,
        "",
    ),
    ("false requirement", _memory("provenance: {clean_commit: false}"), 14, 49, ""),
    (
        "unknown facet",
        _memory("provenance: {identified: {facet: x, strength: content}}"),
        14,
        55,
        "",
    ),
    (
        "severity of a part",
        _memory("all_of: [{id: a, assert: 'true', severity: warn}]"),
        14,
        55,
        "",
    ),
    ("empty parts", _memory("any_of: []"), 14, 30, ""),
    ("id of a part", _memory("any_of: [{id: accuracy, assert: 'true'}]"), 14, 9, "Rename"),
    ("own id", _memory("assert: 'true'").replace("id: memory", "id: artifacts"), 14, 9, "Rename"),
    ("negative budget", _with("limit: {max: 2GiB}", "budget: {total: -1}"), 14, 65, ""),
    ("unknown reaction", _with("severity: warn", "on_fail: delete"), 14, 78, ""),
    ("wide window", _with("{last_passing: {branch: main}}", "{window: {n: 65}}"), 9, 28, ""),
    ("no baseline", _with("{last_passing: {branch: main}}", "[]"), 9, 15, ""),
    ("no kind", _with(", limit: {max: 2GiB}", ""), 14, 9, ""),
    ("two kinds", _with("limit:", "margin: {abs: 1}, limit:"), 14, 9, ""),
    ("same id", _with("id: memory", "id: accuracy"), 14, 9, "Rename"),
    ("two baselines", _with("{last_passing:", "{pinned: [a], last_passing:"), 9, 15, ""),
    ("control character", _with("id: memory", 'id: "a\\0b"'), 14, 14, ""),
    ("not YAML", _with("version: 1", "version: [1"), 2, 11, ""),
    ("forbidden character", _with("version: 1", "version: \x01"), 1, 10, ""),
    ("second document", DESIGN + "---\na: b\n", 15, 1, ""),
    ("target without a value", _with("direction: higher", "direction: target"), 4, 22, "target"),
    ("empty", "", 1, 1, "version"),
    ("deep", "[" * 40 + "]" * 40, 1, 17, ""),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "hint"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_each_mistake_is_refused_at_its_place(text: str, line: int, column: int, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_policy_document(text)

    error = caught.value
    assert error.code is ErrorCode.POLICY_INVALID
    assert (error.context["line"], error.context["column"]) == (line, column)
    assert f"line {line}, column {column}" in error.message
    assert hint in error.hint


def test_a_billion_laughs_is_refused_before_it_is_composed() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    with pytest.raises(UsageError) as caught:
        parse_policy_document(bomb)
    assert "anchors" in caught.value.message


def test_what_is_doubtful_is_linted() -> None:
    text = (
        _with("{direction: higher}", "{}")
        .replace('"0.005"', '"0"')
        .replace("min_samples: 3", "min_samples: 2, severity: warn")
    )

    warnings = lint(
        parse_policy_document(text.replace("{last_passing: {branch: main}}", "{pinned: [a]}"))
    )

    assert [
        next(word for word in ("zero", "exact", "direction", "stop") if word in w) for w in warnings
    ] == [
        "zero",
        "exact",
        "direction",
        "stop",
    ]
    assert all(warning.startswith("release: ") for warning in warnings)
    assert lint(parse_policy_document(DESIGN)) == ()


@pytest.mark.parametrize(
    ("assertion", "warned"),
    [
        ("true", True),
        ("1 == 1", True),
        ("!false || 1 > 2", True),
        ("1 == 2", False),
        ("1 / 0 == 1 || run.name != ''", False),
        ("run.name == run.name", False),
    ],
)
def test_an_assertion_that_looks_at_no_run_and_is_true_is_linted(
    assertion: str, warned: bool
) -> None:
    rule = f'      - {{id: constant, assert: "{assertion}"}}\n'
    text = f"version: 1\npolicies:\n  release:\n    rules:\n{rule}"
    said = any("can never fail" in warning for warning in lint(parse_policy_document(text)))
    assert said is warned
