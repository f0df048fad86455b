"""PROV-JSON (W3C submission, 2013): activities are runs, entities are artifact versions.

What Lineproof itself exported has attributes of its own and comes back as it was; of any other
document, names are identities and nothing more is claimed (strength NAMED).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from domain.artifact import ArtifactKind, ArtifactRef, ArtifactUse
from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, LineproofError, UsageError
from domain.facet import Strength
from domain.ids import derived_id
from domain.strict_json import parse_json_object
from ingest.files.folder import read_file
from ingest.files.mlflow_run import NAME_TAG
from ingest.record import Broken, DerivedRecord, Item, ParentRecord, RunRecord
from ingest.record_values import ExperimentOf

NAMESPACE: Final = "urn:lineproof:"
"""Of the attributes that Lineproof writes."""
MAX_FILE: Final = 256 * 1024 * 1024
_OWN: Final = "lineproof:"
_PART: Final = 500
"""Artifact versions of one record."""


@dataclass(slots=True)
class _Document:
    """The statements of a document and of its bundles, by kind."""

    prefixes: dict[str, str] = field(default_factory=dict[str, str])
    statements: dict[str, list[tuple[str, JsonObject]]] = field(
        default_factory=dict[str, list[tuple[str, JsonObject]]]
    )


def read_prov(path: Path, experiment: str) -> Iterator[Item]:
    """The runs of a document, then their parents, then derivations."""
    document = _Document()
    _gather(document, parse_json_object(read_file(path, limit=MAX_FILE)))
    yield from _items(document, experiment)


def _gather(document: _Document, part: JsonObject) -> None:
    prefixes = part.get("prefix")
    if isinstance(prefixes, Mapping):
        document.prefixes |= {name: str(iri) for name, iri in prefixes.items()}
    for kind, members in part.items():
        if kind == "prefix" or not isinstance(members, Mapping):
            continue
        for name, value in members.items():
            for one in value if isinstance(value, list) else [value]:
                if kind == "bundle" and isinstance(one, Mapping):
                    _gather(document, one)
                elif isinstance(one, Mapping):
                    document.statements.setdefault(kind, []).append((name, one))


def _items(document: _Document, experiment: str) -> Iterator[Item]:
    refs: dict[str, ArtifactRef] = {}
    for name, value in document.statements.get("entity", []):
        if _first(value, "lineproof:node") in ("", "ARTIFACT"):
            try:
                refs[_iri(document, name)] = _artifact(document, name, value)
            except LineproofError as error:
                yield Broken(f"entity {name[:100]}", error.message)
    runs: dict[str, str] = {}
    for name, value in document.statements.get("activity", []):
        try:
            record = _run(document, name, value, refs, experiment)
        except LineproofError as error:
            yield Broken(f"activity {name[:100]}", error.message)
            continue
        runs[_iri(document, name)] = record["run_id"]
        yield record
    for _, value in document.statements.get("wasInformedBy", []):
        informed = runs.get(_iri(document, _first(value, "prov:informed")))
        informant = runs.get(_iri(document, _first(value, "prov:informant")))
        if informed and informant:
            yield ParentRecord(kind="parent", run_id=informed, parent_run_id=informant)
    yield from _derivations(document, refs)


def _derivations(document: _Document, refs: Mapping[str, ArtifactRef]) -> Iterator[DerivedRecord]:
    """All versions, in parts; then each derivation with its two ends."""
    every = list(refs.values())
    for start in range(0, len(every), _PART):
        yield DerivedRecord(kind="derived", artifacts=every[start : start + _PART], pairs=[])
    ends: list[ArtifactRef] = []
    for _, value in document.statements.get("wasDerivedFrom", []):
        young = refs.get(_iri(document, _first(value, "prov:generatedEntity")))
        old = refs.get(_iri(document, _first(value, "prov:usedEntity")))
        if young is None or old is None:
            continue
        ends += [young, old]
        if len(ends) >= _PART:
            yield _paired(ends)
            ends = []
    if ends:
        yield _paired(ends)


def _paired(ends: list[ArtifactRef]) -> DerivedRecord:
    pairs = [[young, young + 1] for young in range(0, len(ends), 2)]
    return DerivedRecord(kind="derived", artifacts=ends, pairs=pairs)


def _run(
    document: _Document,
    name: str,
    value: JsonObject,
    refs: Mapping[str, ArtifactRef],
    experiment: str,
) -> RunRecord:
    iri = _iri(document, name)
    label = _first(value, "lineproof:name") or _first(value, "prov:label") or name
    tags = _own(value, "tags.")
    record = RunRecord(
        kind="run",
        run_id=_first(value, "lineproof:run_id") or derived_id("prov", iri),
        experiment=ExperimentOf(
            id="",
            name=_first(value, "lineproof:experiment") or experiment,
            deleted=False,
            tags={},
        ),
        name=label,
        user=_agent(document, iri),
        status=_first(value, "lineproof:status") or "FINISHED",
        start_time=_time(_first(value, "prov:startTime")) or 0,
        deleted=_first(value, "lineproof:lifecycle") == "deleted",
        job=_first(value, "lineproof:job"),
        params=_own(value, "params."),
        tags={NAME_TAG: label, **tags} if tags else {NAME_TAG: label, "prov.id": iri},
        uses=_uses(document, iri, refs, "used", "prov:entity"),
        generates=_uses(document, iri, refs, "wasGeneratedBy", "prov:entity"),
    )
    ended = _time(_first(value, "prov:endTime"))
    if ended is not None:
        record["end_time"] = ended
    return record


def _uses(
    document: _Document, run: str, refs: Mapping[str, ArtifactRef], kind: str, entity: str
) -> list[ArtifactUse]:
    found: list[ArtifactUse] = []
    for _, value in document.statements.get(kind, []):
        ref = refs.get(_iri(document, _first(value, entity)))
        if ref is None or _iri(document, _first(value, "prov:activity")) != run:
            continue
        role = _first(value, "prov:role") or ("input" if kind == "used" else "output")
        found.append(ArtifactUse(role=role, facet=_first(value, "lineproof:facet"), artifact=ref))
    return found


def _agent(document: _Document, run: str) -> str:
    for _, value in document.statements.get("wasAssociatedWith", []):
        if _iri(document, _first(value, "prov:activity")) == run:
            agent = _first(value, "prov:agent")
            named = dict(document.statements.get("agent", []))
            return _first(named.get(agent, {}), "lineproof:name") or agent
    return ""


def _artifact(document: _Document, name: str, value: JsonObject) -> ArtifactRef:
    iri = _iri(document, name)
    algorithm = _first(value, "lineproof:algorithm")
    ref = ArtifactRef(
        kind=_first(value, "lineproof:kind") or ArtifactKind.FILE.value,
        name=_first(value, "lineproof:name") or _first(value, "prov:label") or name,
        digest=_first(value, "lineproof:digest") if algorithm else iri,
        algorithm=algorithm or "prov.id",
        strength=_first(value, "lineproof:strength") or Strength.NAMED.name,
    )
    uri = _first(value, "lineproof:uri") or _first(value, "prov:location")
    if uri:
        ref["uri"] = uri
    attributes = _own(value, "attributes.")
    if attributes:
        ref["attributes"] = attributes
    return ref


def _own(value: JsonObject, prefix: str) -> dict[str, str]:
    """Members ``lineproof:<prefix><key>``, by key."""
    start = _OWN + prefix
    return {key.removeprefix(start): _first(value, key) for key in value if key.startswith(start)}


def _first(value: JsonObject, key: str) -> str:
    """The text of an attribute: plain, typed (``{"$": …}``) or the first of several."""
    found: JsonValue = value.get(key)
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, Mapping):
        found = found.get("$")
    return "" if found is None else str(found)


def _iri(document: _Document, name: str) -> str:
    prefix, colon, local = name.partition(":")
    if colon and prefix in document.prefixes:
        return document.prefixes[prefix] + local
    return document.prefixes.get("default", "") + name if not colon else name


def _time(text: str) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text[:60]!r} is no time.", code=ErrorCode.MALFORMED) from error
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(zoned.timestamp() * 1000)
