"""The schema is a contract: its text is under review, and nothing vanishes from it unnoticed."""

import asyncio
import re

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    find_breaking_changes,
    get_introspection_query,
    parse,
    validate,
)

from lineproof.explorer.pages import EXAMPLES
from schema.__main__ import SDL_FILE
from schema.build import SCHEMA
from schema.limits import check_document, parse_limited

TYPES = [
    kind
    for name, kind in sorted(SCHEMA.core.type_map.items())
    if not name.startswith("__") and name not in ("Int", "Float", "String", "Boolean", "ID")
]


def test_the_checked_in_text_is_the_schema() -> None:
    assert SDL_FILE.read_text(encoding="utf-8") == SCHEMA.sdl(), "run python -m schema"


def test_the_checked_in_text_breaks_nobody() -> None:
    """Only tells more than the test above when the text was not written again yet."""
    old = build_schema(SDL_FILE.read_text(encoding="utf-8"))
    assert find_breaking_changes(old, build_schema(SCHEMA.sdl())) == []


@pytest.mark.parametrize(
    "removed",
    ["  runId: String!", "  CONFOUNDED", "  outcome: Outcome!", "  blocking: Boolean!"],
)
def test_a_removal_would_be_found(removed: str) -> None:
    text = SCHEMA.sdl()
    smaller = re.sub(rf'(  """[^\n]*"""\n)?{removed}\n', "", text)
    assert smaller != text
    assert find_breaking_changes(build_schema(text), build_schema(smaller))


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_type_and_field_says_what_it_is(kind: object) -> None:
    assert getattr(kind, "description", None)
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in kind.fields.items():
            assert field.description, f"{kind.name}.{name}"
            assert re.fullmatch("[a-z][A-Za-z0-9]*", name)
            for argument in getattr(field, "args", {}):
                assert re.fullmatch("[a-z][A-Za-z0-9]*", argument)
    if isinstance(kind, GraphQLEnumType):
        assert all(re.fullmatch("[A-Z][A-Z_]*", value) for value in kind.values)


def test_introspection_works_within_the_limits() -> None:
    """GraphiQL asks this first."""
    result = asyncio.run(SCHEMA.execute(get_introspection_query(input_value_deprecation=True)))
    assert result.errors is None
    assert result.data is not None
    fields = {
        field["name"]: field
        for kind in result.data["__schema"]["types"]
        if kind["name"] == "Query"
        for field in kind["fields"]
    }
    defaults = {each["name"]: each["defaultValue"] for each in fields["runs"]["args"]}
    assert defaults["orderBy"] == "RECORDED_ASC"


def test_every_read_can_look_into_the_past() -> None:
    """But for the ledger itself, which never changes."""
    query = SCHEMA.core.query_type
    assert query is not None
    without = {name for name, field in query.fields.items() if "asOf" not in field.args}
    assert without == {"ledgerEntry", "ledgerPoint"}


def test_the_explorers_examples_are_valid() -> None:
    parts = re.split(r"^# ----.*$", EXAMPLES.read_text(encoding="utf-8"), flags=re.M)
    examples = [part for part in parts if part.strip()]
    assert examples
    for example in examples:
        assert validate(SCHEMA.core, parse(example)) == []
        check_document(parse_limited(example), {}, weights=SCHEMA.weights)
