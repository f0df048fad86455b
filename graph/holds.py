"""What a condition on attributes means, in plain Python: the yardstick for what stores compile."""

from collections.abc import Callable, Mapping

from graph.clause import Clause, true_of
from graph.model import AttributeValue, Node
from graph.port import Among, Condition, NodeStatement, Operand, Operator


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Equal values of one type: text and integer never match."""
    return type(left) is type(right) and left == right


def holds(clause: Clause[Condition], attributes: Mapping[str, AttributeValue]) -> bool:
    """Whether ``attributes`` satisfy ``clause``."""
    return true_of(clause, lambda condition: _holds(condition, attributes))


def node_holds(clause: Clause[NodeStatement], node: Node) -> bool:
    """Whether the node satisfies ``clause``."""

    def test(statement: NodeStatement) -> bool:
        if isinstance(statement, Among):
            return node.id in statement.ids
        return _holds(statement, node.attributes)

    return true_of(clause, test)


def _holds(condition: Condition, attributes: Mapping[str, AttributeValue]) -> bool:
    value = attributes.get(condition.attribute)
    if condition.operator is Operator.IS_NULL:
        return value is None
    if value is None:
        return False
    return _TESTS[condition.operator](value, condition.operand)


def _in(value: AttributeValue, operand: Operand) -> bool:
    return isinstance(operand, tuple) and any(_same(value, item) for item in operand)


def _same(value: AttributeValue, operand: Operand) -> bool:
    return isinstance(operand, str | int) and equal(value, operand)


def _less(value: AttributeValue, operand: Operand) -> bool:
    if isinstance(value, str):
        return isinstance(operand, str) and value < operand
    return isinstance(operand, int) and value < operand


def _more(value: AttributeValue, operand: Operand) -> bool:
    if isinstance(value, str):
        return isinstance(operand, str) and value > operand
    return isinstance(operand, int) and value > operand


def _like(value: AttributeValue, pattern: Operand) -> bool:
    """Wildcard match by looking back to the last ``%`` only: linear memory, no blow-up."""
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    at_text = at_pattern = 0
    star = retry = -1
    while at_text < len(value):
        wanted = pattern[at_pattern] if at_pattern < len(pattern) else None
        if wanted == "%":
            star, retry = at_pattern, at_text
            at_pattern += 1
        elif wanted is not None and wanted in ("_", value[at_text]):
            at_text += 1
            at_pattern += 1
        elif star >= 0:
            retry += 1
            at_text, at_pattern = retry, star + 1
        else:
            return False
    return not pattern[at_pattern:].strip("%")


def _ilike(value: AttributeValue, pattern: Operand) -> bool:
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    return _like(_lower(value), _lower(pattern))


def _lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


_TESTS: Mapping[Operator, Callable[[AttributeValue, Operand], bool]] = {
    Operator.EQ: _same,
    Operator.NE: lambda value, operand: not _same(value, operand),
    Operator.LT: _less,
    Operator.LE: lambda value, operand: _less(value, operand) or _same(value, operand),
    Operator.GT: _more,
    Operator.GE: lambda value, operand: _more(value, operand) or _same(value, operand),
    Operator.LIKE: _like,
    Operator.ILIKE: _ilike,
    Operator.IN: _in,
    Operator.NOT_IN: lambda value, operand: not _in(value, operand),
    Operator.IS_NOT_NULL: lambda value, operand: True,
}
