"""Registered models and their versions as MLflow shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from graph.clause import mapped
from graph.model import Node, NodeKind, entity_id
from graph.model_filter import MODEL_VERSIONS, REGISTERED_MODELS, Columns
from graph.model_projector import registered_model
from graph.port import Condition, GraphReader, NodeQuery, Operator, Order
from graph.projector import ACTIVE
from resolvers.attributes import integer, prefixed, text
from resolvers.mlflow_paging import (
    checked_max_results,
    page_token,
    parse_page_token,
    question_digest,
)

NO_STAGE = "None"
_PROMPT = "tags.mlflow.prompt.is_prompt"
NO_PROMPT = (Condition(_PROMPT, Operator.NE, "true"), Condition(_PROMPT, Operator.EQ, "false"))
"""The first is what MLflow's client adds to every search for models; the other means the same."""


@dataclass(frozen=True, slots=True)
class MlflowVersion:
    """One version of a registered model."""

    name: str
    version: int
    stage: str
    source: str
    run_id: str
    run_link: str
    model_id: str
    description: str
    created_at: int
    updated_at: int
    tags: Mapping[str, str]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MlflowRegistered:
    """One registered model."""

    name: str
    description: str
    created_at: int
    updated_at: int
    tags: Mapping[str, str]
    aliases: Mapping[str, int]
    latest: tuple[MlflowVersion, ...] = field(default=())
    """The highest version of each stage, by stage as it comes up."""


@dataclass(frozen=True, slots=True)
class RegistrySearch:
    """A question about registered models or versions."""

    project: str
    filter: str = ""
    order_by: tuple[str, ...] = ()
    max_results: int = 100
    page_token: str = ""


def registered(graph: GraphReader, models: Sequence[Node]) -> list[MlflowRegistered]:
    """What these nodes of registered models say, with their latest versions."""
    found: dict[str, list[Node]] = {_id(one): [] for one in models}
    if models:
        of = Condition("model", Operator.IN, tuple(sorted(found)))
        active = Condition("lifecycle", Operator.EQ, ACTIVE)
        query = NodeQuery(models[0].project, NodeKind.MODEL_VERSION, (of, active))
        for version in graph.find(query):
            found[text(version.attributes, "model")].append(version)
    return [_registered(one, found[_id(one)]) for one in models]


def shown_versions(graph: GraphReader, versions: Sequence[Node]) -> list[MlflowVersion]:
    """What these nodes of versions say, with the names and aliases of their models."""
    of = {one.id: registered_model(one.project, text(one.attributes, "model")) for one in versions}
    models = graph.nodes(sorted(set(of.values())))
    return [_version(one, models[of[one.id]]) for one in versions]


def search_registered(
    graph: GraphReader, search: RegistrySearch, *, visible: int
) -> tuple[list[MlflowRegistered], str]:
    """A page of registered models by name, and the token of the next; empty on the last.

    Raises ``UsageError`` for a filter, order, size or token that cannot be read.
    """
    nodes, token = _page(
        graph, search, NodeKind.REGISTERED_MODEL, REGISTERED_MODELS, (Order("name"),), visible
    )
    return registered(graph, nodes), token


def search_versions(
    graph: GraphReader, search: RegistrySearch, *, visible: int
) -> tuple[list[MlflowVersion], str]:
    """A page of versions, the latest change first; errors as ``search_registered``."""
    latest = (Order("updated_at", descending=True), Order("version", descending=True))
    nodes, token = _page(graph, search, NodeKind.MODEL_VERSION, MODEL_VERSIONS, latest, visible)
    return shown_versions(graph, nodes), token


def _page(
    graph: GraphReader,
    search: RegistrySearch,
    kind: NodeKind,
    columns: Columns,
    order: tuple[Order, ...],
    visible: int,
) -> tuple[list[Node], str]:
    question = question_digest(kind.value, search.project, search.filter, list(search.order_by))
    size = checked_max_results(search.max_results)
    start = parse_page_token(search.page_token, question=question, visible=visible)
    stop = start.offset + size
    conditions = columns.conditions(search.filter)
    if kind is NodeKind.MODEL_VERSION:
        by_model = partial(_by_model, graph, search.project)
        conditions = tuple(mapped(clause, by_model) for clause in conditions)
    excluded = any(one in NO_PROMPT for one in conditions)
    prompts = _prompts(graph, search.project, kind) if excluded else frozenset[str]()
    active = Condition("lifecycle", Operator.EQ, ACTIVE)
    asked = (*(one for one in conditions if one not in NO_PROMPT), active)
    query = NodeQuery(search.project, kind, asked, limit=stop + 1 + len(prompts))
    wanted = (*columns.orders(search.order_by), *order)
    ids = graph.find_ids(query, order=wanted, as_of=start.as_of)
    ids = [one for one in ids if one not in prompts]
    nodes = graph.nodes(ids[start.offset : stop], as_of=start.as_of)
    token = ""
    if stop < len(ids):
        as_of = visible if start.as_of is None else start.as_of
        token = page_token(offset=stop, as_of=as_of, question=question)
    return [nodes[one] for one in ids[start.offset : stop]], token


def _prompts(graph: GraphReader, project: str, kind: NodeKind) -> frozenset[str]:
    """The prompts among the models: MLflow's client leaves them out, and not to be marked as one
    is to be none."""
    marked = Condition(_PROMPT, Operator.EQ, "true")
    return frozenset(graph.find_ids(NodeQuery(project, kind, (marked,))))


def _by_model(graph: GraphReader, project: str, condition: Condition) -> Condition:
    """A condition on the model's name as one on its id, for a name may change."""
    if condition.attribute != "name":
        return condition
    active = Condition("lifecycle", Operator.EQ, ACTIVE)
    models = graph.find_ids(NodeQuery(project, NodeKind.REGISTERED_MODEL, (condition, active)))
    ids = tuple(entity_id(one).partition("/")[2] for one in models)
    return Condition("model", Operator.IN, ids)


def _registered(node: Node, versions: Sequence[Node]) -> MlflowRegistered:
    attributes = node.attributes
    latest: dict[str, MlflowVersion] = {}
    for version in (_version(one, node) for one in versions):
        known = latest.get(version.stage)
        if known is None or known.version < version.version:
            latest[version.stage] = version
    return MlflowRegistered(
        name=text(attributes, "name"),
        description=text(attributes, "description"),
        created_at=integer(attributes, "created_at") or 0,
        updated_at=integer(attributes, "updated_at") or 0,
        tags=prefixed(attributes, "tags."),
        aliases=_aliases(node),
        latest=tuple(latest[stage] for stage in sorted(latest)),
    )


def _version(node: Node, model: Node) -> MlflowVersion:
    attributes = node.attributes
    number = integer(attributes, "version") or 0
    aliases = _aliases(model)
    return MlflowVersion(
        name=text(model.attributes, "name"),
        version=number,
        stage=text(attributes, "stage") or NO_STAGE,
        source=text(attributes, "source"),
        run_id=text(attributes, "run_id"),
        run_link=text(attributes, "run_link"),
        model_id=text(attributes, "model_id"),
        description=text(attributes, "description"),
        created_at=integer(attributes, "created_at") or 0,
        updated_at=integer(attributes, "updated_at") or 0,
        tags=prefixed(attributes, "tags."),
        aliases=tuple(alias for alias, version in aliases.items() if version == number),
    )


def _aliases(model: Node) -> dict[str, int]:
    found = prefixed(model.attributes, "aliases.")
    return {alias: int(version) for alias, version in found.items()}


def _id(model: Node) -> str:
    return entity_id(model.id).partition("/")[2]
