"""What a GraphQL document may cost, decided before anything expensive looks at it.

Parsing is bounded by tokens; then one pass over the syntax tree estimates depth, fields, aliases,
repeated fields, directives and the number of field resolutions. Every fragment is measured once,
however often it is spread, and the estimate stops at the first limit that it passes: the work is
linear in the document, so a bomb of nested fragments costs no more than its few hundred bytes.
Validation, which is not linear, runs on what is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    parse,
)

from domain.errors import ErrorCode, UsageError


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one request; the same for everybody."""

    tokens: int = 2_000
    comments: int = 200
    depth: int = 20
    fields: int = 1_000
    """Fields of one definition with its fragments expanded."""
    aliases: int = 200
    repeats: int = 50
    """Fields beyond the first under one response name, over the whole definition."""
    directives: int = 50
    cost: int = 50_000
    """Estimated field resolutions, page sizes multiplied."""
    variable_values: int = 2_000
    """JSON values in the variables."""
    variable_characters: int = 32_768


DEFAULT_LIMITS = Limits()
SIZE_ARGUMENTS = frozenset({"first", "maxNodes"})
"""Arguments by which a client says how many items it wants."""


@dataclass(frozen=True, slots=True)
class FieldWeight:
    """What a field gives."""

    items: int
    """How many, when the query does not ask for a size."""
    type_name: str
    """The type of each."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What the limiter knows of a schema."""

    fields: Mapping[tuple[str, str], FieldWeight]
    """By type name and field name; what is not there gives one item of no known type."""
    roots: Mapping[str, str]
    """The root type's name by ``query``, ``mutation``, ``subscription``."""


_UNKNOWN = FieldWeight(1, "")


@dataclass(slots=True)
class _Measure:
    """What one selection set holds, its fragments expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    repeats: int = 0
    directives: int = 0
    cost: int = 0
    names: dict[str, int] = field(default_factory=dict[str, int])
    """Response names of the set itself, with how often each stands there."""


def parse_limited(source: str, limits: Limits = DEFAULT_LIMITS) -> DocumentNode:
    """The document in ``source``.

    Raises ``UsageError``: TOO_COMPLEX when it is too long or nested too deeply, MALFORMED when it
    is not GraphQL.
    """
    try:
        return parse(source, max_lexical_tokens=limits.tokens, max_comments=limits.comments)
    except GraphQLSyntaxError as error:
        if error.message.endswith("Parsing aborted."):
            why = error.message.removeprefix("Syntax Error: ").removesuffix(" Parsing aborted.")
            raise _too_complex(why.rstrip(".")) from None
        raise UsageError(
            f"The document is not GraphQL: {error.message}",
            code=ErrorCode.MALFORMED,
            hint="Check the query at the position that the message names.",
        ) from error


def check_variables(variables: Mapping[str, object], limits: Limits = DEFAULT_LIMITS) -> None:
    """Raises ``UsageError`` (TOO_COMPLEX) for more values or text than a query needs."""
    waiting: list[object] = [variables]
    values = 0
    characters = 0
    while waiting:
        value = waiting.pop()
        values += 1
        if isinstance(value, Mapping):
            members = cast("Mapping[str, object]", value)
            waiting.extend(members.values())
            characters += sum(map(len, members))
        elif isinstance(value, str):
            characters += len(value)
        elif isinstance(value, Sequence):
            waiting.extend(cast("Sequence[object]", value))
        if values + len(waiting) > limits.variable_values + 1:
            raise _too_complex(f"The variables hold more than {limits.variable_values} values")
        if characters > limits.variable_characters:
            raise _too_complex(
                f"The variables hold more than {limits.variable_characters} characters"
            )


def check_document(
    document: DocumentNode,
    variables: Mapping[str, object],
    *,
    weights: Weights,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Raises ``UsageError`` (TOO_COMPLEX) for a document that passes any limit.

    Circular fragments are refused here too: their cost has no bound.
    """
    meter = _Meter(document, variables, weights, limits)
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            meter.fragment(definition.name.value)
        elif isinstance(definition, OperationDefinitionNode):
            meter.operation(definition)


class _Meter:
    """Measures the definitions of one document, each fragment once."""

    def __init__(
        self,
        document: DocumentNode,
        variables: Mapping[str, object],
        weights: Weights,
        limits: Limits,
    ) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._variables = variables
        self._weights = weights
        self._limits = limits
        self._measured: dict[str, _Measure] = {}
        self._open: set[str] = set()

    def operation(self, definition: OperationDefinitionNode) -> None:
        root = self._weights.roots.get(definition.operation.value, "")
        measure = self._selections(definition.selection_set, root)
        for variable in definition.variable_definitions or ():
            self._add_directives(measure, variable.directives)
        self._add_directives(measure, definition.directives)

    def fragment(self, name: str) -> _Measure:
        """The measure of a fragment; an unknown one is validation's to report."""
        known = self._measured.get(name)
        if known is not None:
            return known
        if name in self._open:
            raise _too_complex(f"The fragment {name[:60]} spreads itself")
        if len(self._open) > self._limits.depth:
            raise _too_complex(f"Fragments spread one another deeper than {self._limits.depth}")
        definition = self._fragments.get(name)
        if definition is None:
            return _Measure()
        self._open.add(name)
        type_name = definition.type_condition.name.value
        measure = self._selections(definition.selection_set, type_name)
        self._add_directives(measure, definition.directives)
        self._open.discard(name)
        self._measured[name] = measure
        return measure

    def _selections(self, selection_set: SelectionSetNode, type_name: str) -> _Measure:
        total = _Measure()
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                self._merge(total, self._field(selection, type_name))
            elif isinstance(selection, FragmentSpreadNode):
                self._merge(total, self.fragment(selection.name.value))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = condition.name.value if condition else type_name
                self._merge(total, self._selections(selection.selection_set, inner))
            self._add_directives(total, selection.directives)
        return total

    def _field(self, node: FieldNode, type_name: str) -> _Measure:
        name = node.name.value
        response_name = node.alias.value if node.alias else name
        weight = self._weights.fields.get((type_name, name), _UNKNOWN)
        inner = _Measure()
        if node.selection_set:
            inner = self._selections(node.selection_set, weight.type_name)
        return _Measure(
            depth=inner.depth + 1,
            fields=inner.fields + 1,
            aliases=inner.aliases + (1 if node.alias else 0),
            repeats=inner.repeats,
            directives=inner.directives,
            cost=1 + self._size(node, weight) * inner.cost,
            names={response_name: 1},
        )

    def _size(self, node: FieldNode, weight: FieldWeight) -> int:
        """How many items the field gives: what is asked for, else its weight."""
        for argument in node.arguments or ():
            if argument.name.value in SIZE_ARGUMENTS:
                asked = self._integer(argument.value)
                if asked is not None:
                    return max(1, asked)
        return weight.items

    def _integer(self, value: ValueNode) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value) if len(value.value) < 12 else self._limits.cost
        if isinstance(value, VariableNode):
            given = self._variables.get(value.name.value)
            return given if isinstance(given, int) else None
        return None

    def _merge(self, total: _Measure, part: _Measure) -> None:
        total.depth = max(total.depth, part.depth)
        total.fields += part.fields
        total.aliases += part.aliases
        total.repeats += part.repeats
        total.directives += part.directives
        total.cost += part.cost
        for name, count in part.names.items():
            before = total.names.get(name, 0)
            total.names[name] = before + count
            total.repeats += 1 if before else 0
        self._check(total)

    def _add_directives(self, total: _Measure, nodes: Sequence[DirectiveNode] | None) -> None:
        total.directives += len(nodes or ())
        self._check(total)

    def _check(self, measure: _Measure) -> None:
        limits = self._limits
        if measure.depth > limits.depth:
            raise _too_complex(f"The query is nested deeper than {limits.depth} levels")
        if measure.fields > limits.fields:
            raise _too_complex(f"The query holds more than {limits.fields} fields")
        if measure.aliases > limits.aliases:
            raise _too_complex(f"The query holds more than {limits.aliases} aliases")
        if measure.repeats > limits.repeats:
            raise _too_complex(f"The query repeats fields more than {limits.repeats} times")
        if measure.directives > limits.directives:
            raise _too_complex(f"The query holds more than {limits.directives} directives")
        if measure.cost > limits.cost:
            raise _too_complex(
                f"The query may resolve more than {limits.cost} fields at the sizes it asks for"
            )


def _too_complex(why: str) -> NoReturn:
    raise UsageError(
        f"{why}.",
        code=ErrorCode.TOO_COMPLEX,
        hint="Ask for less at once: fewer fields, smaller pages, or several requests.",
    )
