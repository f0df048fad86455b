"""What MLflow's searches for logged models mean: a filter, and orders that name datasets.

MLflow reads these strings with another parser than those for runs: a text need not stand in quotes,
and a condition on a metric is about any of the points that were logged for the model.
"""

from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from domain.errors import ErrorCode, UsageError
from graph.clause import Clause, mapped
from graph.filter import NUMERIC, MetricCondition, allow, number_of
from graph.filter_syntax import Comparison, parse_expression
from graph.filter_tokens import Token, TokenKind
from graph.model_filter import NUMBERS, Columns
from graph.port import Condition

ModelStatement: TypeAlias = Condition | MetricCondition


@dataclass(frozen=True, slots=True)
class ModelOrder:
    """By an attribute, or by the latest value of ``metric`` that was logged on a dataset."""

    attribute: str
    descending: bool
    metric: str = ""
    dataset_name: str = ""
    """Of any name when empty; the same for the digest."""
    dataset_digest: str = ""


_LOGGED_MODELS: Final = Columns(
    {
        "name": "name",
        "model_id": "model_id",
        "model_type": "model_type",
        "status": "status",
        "source_run_id": "source_run_id",
        "experiment_id": "experiment_id",
        "creation_timestamp": "created_at",
        "creation_time": "created_at",
        "last_updated_timestamp": "updated_at",
    }
)


def parse_model_filter(text: str) -> Clause[ModelStatement]:
    """What ``text`` demands of logged models.

    Raises ``UsageError``: INVALID_ARGUMENT with the column, TOO_COMPLEX.
    """
    return mapped(parse_expression(text), _model_statement)


def parse_model_order(field: str, *, descending: bool, name: str, digest: str) -> ModelOrder:
    """One ``order_by`` of a search for logged models: by ``metrics.<key>`` or an attribute.

    ``name`` and ``digest`` are of the dataset on which the metric was logged, or empty. Raises
    ``UsageError`` (INVALID_ARGUMENT).
    """
    entity, dot, key = field.partition(".")
    if dot and entity != "metrics":
        raise UsageError(
            f"Invalid order by field name: {field[:255]}. Only metrics are supported.",
            code=ErrorCode.INVALID_ARGUMENT,
        )
    if dot:
        return ModelOrder("", descending, key, name, digest)
    attribute = _LOGGED_MODELS.attributes.get(field)
    if attribute is None:
        raise UsageError(
            f"Invalid order by field name: {field[:255]}",
            code=ErrorCode.INVALID_ARGUMENT,
            hint=f"Valid names are metrics.<key>, {', '.join(sorted(_LOGGED_MODELS.attributes))}.",
        )
    return ModelOrder(attribute, descending)


def _model_statement(comparison: Comparison) -> ModelStatement:
    column = comparison.column
    if column.entity in ("metric", "metrics"):
        allow(comparison, NUMERIC)
        return MetricCondition(column.key, comparison.operator, number_of(comparison.values[0]))
    if _LOGGED_MODELS.name(column) not in NUMBERS:
        comparison = replace(comparison, values=tuple(map(_quoted, comparison.values)))
    return _LOGGED_MODELS.condition(comparison)


def _quoted(token: Token) -> Token:
    bare = token.kind is TokenKind.NUMBER or (
        token.kind is TokenKind.NAME and not token.text.startswith('"')
    )
    return replace(token, kind=TokenKind.TEXT, text=f"'{token.text}'") if bare else token
