"""Finding any object again by its global id."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from resolvers import experiments, policies, verdicts
from schema.context import RequestContext
from schema.global_ids import split_global_id
from schema.types.artifact import artifact_of
from schema.types.experiment import experiment_of
from schema.types.node import NodeInterface
from schema.types.policy import policy_of
from schema.types.run import run_of
from schema.types.verdict import verdict_of

_Load: TypeAlias = Callable[[RequestContext, str, int], Awaitable[NodeInterface | None]]


async def load_node(context: RequestContext, global_id: str, as_of: int) -> NodeInterface | None:
    """The object; None when the project has no such object at ``as_of``.

    Raises ``UsageError`` (INVALID_ARGUMENT) when the text is not a global id.
    """
    type_name, local_id = split_global_id(global_id)
    load = _LOADS.get(type_name)
    return await load(context, local_id, as_of) if load else None


async def _run(context: RequestContext, local_id: str, as_of: int) -> NodeInterface | None:
    record = await context.loaders.runs.load((local_id, as_of))
    return run_of(record, as_of) if record and record.project == context.project else None


async def _experiment(context: RequestContext, local_id: str, as_of: int) -> NodeInterface | None:
    key = experiments.key_of(context.project, local_id)
    record = await context.loaders.experiments.load((key, as_of))
    return experiment_of(record, as_of) if record else None


async def _artifact(context: RequestContext, local_id: str, as_of: int) -> NodeInterface | None:
    record = await context.loaders.artifacts.load((local_id, as_of))
    return artifact_of(record, as_of) if record and record.project == context.project else None


async def _policy(context: RequestContext, local_id: str, as_of: int) -> NodeInterface | None:
    found = policies.by_ids(context.ports.graph, [local_id], project=context.project, as_of=as_of)
    return policy_of(found[local_id]) if local_id in found else None


async def _verdict(context: RequestContext, local_id: str, as_of: int) -> NodeInterface | None:
    found = verdicts.by_ids(context.ports.graph, [local_id], project=context.project, as_of=as_of)
    return verdict_of(found[local_id], as_of) if local_id in found else None


_LOADS: Final[Mapping[str, _Load]] = MappingProxyType(
    {
        "Artifact": _artifact,
        "Experiment": _experiment,
        "Policy": _policy,
        "Run": _run,
        "Verdict": _verdict,
    }
)
