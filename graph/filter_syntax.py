"""MLflow's search grammar with OR, NOT and parentheses added, and ``order_by`` clauses.

What names mean is left to ``graph.filter`` (runs) and ``graph.experiment_filter``; here stands only
what can be said. As in MLflow, quotes inside a quoted text are kept as they are written.

    expression := term { OR term }
    term       := factor { AND factor }
    factor     := NOT factor | "(" expression ")" | comparison
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import UsageError
from graph.clause import AllOf, AnyOf, Clause, Statement, negated
from graph.filter_tokens import Token, TokenKind, invalid, tokens, too_complex
from graph.port import Operator

MAX_COMPARISONS = 100
MAX_DEPTH = 32
"""Of parentheses and NOTs inside each other."""
MAX_WILDCARDS = 32
MAX_PATTERN = 1_000
"""Characters of a LIKE pattern: matching takes time in proportion to text times pattern."""
MAX_ORDERS = 20

_QUOTES = ("`", '"', "'")
_COMPARATORS = {
    "=": Operator.EQ,
    "!=": Operator.NE,
    "<": Operator.LT,
    "<=": Operator.LE,
    ">": Operator.GT,
    ">=": Operator.GE,
    "LIKE": Operator.LIKE,
    "ILIKE": Operator.ILIKE,
    "IN": Operator.IN,
}


@dataclass(frozen=True, slots=True)
class Column:
    """The name on the left of a comparison: ``entity.key``, or a bare attribute."""

    entity: str
    """As written; ``attribute`` for a bare name."""
    key: str
    at: int
    """Where it stands, counted from 1."""


@dataclass(frozen=True, slots=True)
class Comparison(Statement):
    """One comparison as it was written."""

    column: Column
    operator: Operator
    values: tuple[Token, ...]
    """None for IS NULL, one for the comparators, one or more for a list."""


@dataclass(frozen=True, slots=True)
class Order:
    """One ``order_by`` clause."""

    column: Column
    descending: bool


def parse_expression(text: str) -> Clause[Comparison]:
    """What ``text`` demands; blank text demands nothing.

    Raises ``UsageError``: INVALID_ARGUMENT with the column, TOO_COMPLEX.
    """
    reader = _Reader(list(tokens(text)), len(text))
    if reader.at_end():
        return AllOf(())
    found = _expression(reader, 0)
    if not reader.at_end():
        raise reader.unexpected("AND, OR or the end")
    return found


def parse_order(text: str) -> Order:
    """One clause: a column, then ``ASC`` (the default) or ``DESC``."""
    reader = _Reader(list(tokens(text)), len(text))
    column = _column(reader.take(TokenKind.NAME, "a column"))
    descending = False
    if not reader.at_end():
        direction = reader.take(TokenKind.NAME, "ASC or DESC")
        if direction.word not in ("ASC", "DESC"):
            raise invalid(direction.column, f"expected ASC or DESC, found {direction.text}")
        descending = direction.word == "DESC"
    if not reader.at_end():
        raise reader.unexpected("the end")
    return Order(column, descending)


def text_of(token: Token) -> str:
    """The text that a quoted token means."""
    if token.kind is TokenKind.TEXT or _is_quoted(token.text, '"'):
        return token.text[1:-1]
    raise invalid(
        token.column, f"expected a quoted text, found {token.text}", hint="Write 'my-value'."
    )


class _Reader:
    """Walks over the tokens once."""

    def __init__(self, found: Sequence[Token], length: int) -> None:
        self._tokens = found
        self._next = 0
        self._length = length
        self._comparisons = 0

    def count_comparison(self) -> None:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise too_complex(f"it has more than {MAX_COMPARISONS} comparisons")

    def at_end(self) -> bool:
        return self._next >= len(self._tokens)

    def peek(self) -> Token | None:
        return None if self.at_end() else self._tokens[self._next]

    def take_any(self, wanted: str) -> Token:
        token = self.peek()
        if token is None:
            raise self.unexpected(wanted)
        self._next += 1
        return token

    def take(self, kind: TokenKind, wanted: str) -> Token:
        token = self.peek()
        if token is None or token.kind is not kind:
            raise self.unexpected(wanted)
        self._next += 1
        return token

    def take_word(self, *words: str) -> str:
        """The next token when it is one of ``words``."""
        token = self.peek()
        if token is None or token.word not in words:
            raise self.unexpected(" or ".join(words))
        self._next += 1
        return token.word

    def accept(self, word: str) -> bool:
        token = self.peek()
        if token is None or token.word != word:
            return False
        self._next += 1
        return True

    def unexpected(self, wanted: str) -> UsageError:
        token = self.peek()
        if token is None:
            return invalid(self._length + 1, f"expected {wanted}, found the end")
        return invalid(token.column, f"expected {wanted}, found {token.text[:40]}")


def _expression(reader: _Reader, depth: int) -> Clause[Comparison]:
    parts = [_term(reader, depth)]
    while reader.accept("OR"):
        parts.append(_term(reader, depth))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _term(reader: _Reader, depth: int) -> Clause[Comparison]:
    parts = [_factor(reader, depth)]
    while reader.accept("AND"):
        parts.append(_factor(reader, depth))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _factor(reader: _Reader, depth: int) -> Clause[Comparison]:
    if depth > MAX_DEPTH:
        raise too_complex(f"more than {MAX_DEPTH} parentheses or NOTs stand inside each other")
    if reader.accept("NOT"):
        return negated(_factor(reader, depth + 1))
    if reader.accept("("):
        found = _expression(reader, depth + 1)
        if not reader.accept(")"):
            raise reader.unexpected("AND, OR or a closing parenthesis")
        return found
    return _comparison(reader)


def _comparison(reader: _Reader) -> Comparison:
    reader.count_comparison()
    column = _column(reader.take(TokenKind.NAME, "a column"))
    if reader.accept("IS"):
        negated = reader.accept("NOT")
        reader.take_word("NULL")
        operator = Operator.IS_NOT_NULL if negated else Operator.IS_NULL
        return Comparison(column, operator, ())
    operator = _operator(reader)
    if operator in (Operator.IN, Operator.NOT_IN):
        return Comparison(column, operator, _list(reader))
    value = _value(reader)
    if operator in (Operator.LIKE, Operator.ILIKE):
        if value.text.count("%") > MAX_WILDCARDS:
            raise too_complex(f"a pattern has more than {MAX_WILDCARDS} wildcards")
        if len(value.text) > MAX_PATTERN:
            raise too_complex(f"a pattern has more than {MAX_PATTERN} characters")
    return Comparison(column, operator, (value,))


def _operator(reader: _Reader) -> Operator:
    token = reader.take_any("a comparator")
    if token.word == "NOT":
        reader.take_word("IN")
        return Operator.NOT_IN
    operator = _COMPARATORS.get(token.word)
    if operator is None:
        known = ", ".join((*_COMPARATORS, "NOT IN", "IS NULL", "IS NOT NULL"))
        raise invalid(
            token.column, f"{token.text} is no comparator", hint=f"The comparators are {known}."
        )
    return operator


def _value(reader: _Reader) -> Token:
    token = reader.take_any("a value")
    if token.kind in (TokenKind.COMPARATOR, TokenKind.PUNCTUATION):
        raise invalid(token.column, f"expected a value, found {token.text}")
    return token


def _list(reader: _Reader) -> tuple[Token, ...]:
    if not reader.accept("("):
        raise reader.unexpected("a list in parentheses")
    found = [_value(reader)]
    while reader.accept(","):
        token = reader.peek()
        if token is not None and token.text == ")":
            break
        found.append(_value(reader))
    if not reader.accept(")"):
        raise reader.unexpected("a comma or a closing parenthesis")
    return tuple(found)


def _column(token: Token) -> Column:
    """Splits at the first dot that stands outside of quotes."""
    entity, dot, key = _split(token.text)
    if not dot:
        return Column("attribute", _unquoted(entity, token), token.column)
    return Column(_unquoted(entity, token), _unquoted(key, token), token.column)


def _split(text: str) -> tuple[str, str, str]:
    if text[0] in '`"':
        end = text.index(text[0], 1) + 1
        return text[:end], text[end : end + 1], text[end + 1 :]
    return text.partition(".")


def _unquoted(part: str, token: Token) -> str:
    if any(_is_quoted(part, quote) for quote in _QUOTES):
        return part[1:-1]
    if any(quote in part for quote in _QUOTES):
        raise invalid(token.column, f"the quotes of {token.text[:40]} do not enclose the whole key")
    return part


def _is_quoted(text: str, quote: str) -> bool:
    return len(text) >= 2 and text[0] == quote == text[-1] and quote not in text[1:-1]
