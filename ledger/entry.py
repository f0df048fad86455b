"""A ledger entry: what a writer asks to record (``Draft``) and what stands recorded (``Entry``).

The recorded bytes are the RFC 8785 canonical JSON of ``{v, type, project, actor, source, idem, at,
schema, payload | payload_digest}``; the leaf hash is RFC 9162's over those bytes.
"""

import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

import orjson

from domain.canonical import (
    MAX_SAFE_INTEGER,
    JsonObject,
    JsonValue,
    canonical_bytes,
    sha256_text,
)
from domain.errors import ErrorCode, UsageError
from domain.strict_json import MAX_DEPTH

FORMAT_VERSION = 1
SOFT_LIMIT = 16 * 1024
"""Bytes above which a payload moves to a blob and the entry keeps its digest."""
HARD_LIMIT = 60_000
"""Bytes that no entry may exceed: ENTRY_TOO_LARGE, never truncation."""

_KEYS = {"actor", "at", "idem", "project", "schema", "source", "type", "v"}
_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_START = re.compile(
    rb'\{"actor":' + _TEXT + rb'(,"at":[0-9]+),"idem":' + _TEXT + rb',"payload(_digest)?":'
)
"""How a recorded entry begins: its keys are in order."""
_PLAIN: Final = frozenset[type]({str, int, bool, type(None)})
"""Types whose values have one form only; orjson itself refuses integers beyond 2**53 - 1."""
_NESTED: Final = frozenset[type]({dict, list, tuple})
_SORTED: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_LARGEST_AT = 16
"""Digits of the largest ``at`` that canonical JSON can carry."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A request to record something; becomes one entry."""

    type: str
    """``noun.past_verb``, for example ``run.started``."""
    project: str
    actor: str
    source: str
    """Which door it came through: ``mlflow``, ``cli``, ``graphql``, …"""
    idem: str
    """Idempotency key, unique per project: the same key with the same content is recorded once."""
    payload: JsonObject
    schema: int = 1
    """Version of the payload's own form."""
    subject: str = ""
    """Whom the payload is about, when it must be possible to erase it (``ledger.sealing``)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded entry. ``payload`` is resolved, from a blob where it was too large to stand in."""

    seq: int
    """Leaf index: the only order there is."""
    type: str
    project: str
    actor: str
    source: str
    idem: str
    at: int
    """Milliseconds since the epoch, written once by the sequencer, never decreasing."""
    schema: int
    payload: JsonObject
    data: bytes
    """The canonical bytes that the leaf hash covers."""


class Receipt(NamedTuple):
    """The answer to an append: durable at ``seq``."""

    seq: int
    repeated: bool
    """True when this idempotency key was already recorded with the same content."""


class Content(NamedTuple):
    """An entry's canonical bytes without ``at``, which only the sequencer knows."""

    project: str
    idem: str
    before_at: bytes
    after_at: bytes
    digest: bytes
    """SHA-256 of the canonical JSON without ``at``: what an idempotency key stands for."""

    def recorded(self, at: int) -> bytes:
        """The canonical bytes of the entry as recorded at ``at``."""
        return b'%b,"at":%d%b' % (self.before_at, at, self.after_at)


def encode(draft: Draft, put_blob: Callable[[bytes], str]) -> Content:
    """The draft's canonical content; a payload that makes it exceed 16 KiB goes to ``put_blob``.

    ``put_blob`` stores bytes durably and returns ``sha256:<hex>``. Raises ``UsageError``:
    ENTRY_INVALID when the draft is not canonical JSON, ENTRY_TOO_LARGE above 60,000 bytes.
    """
    _check_names(draft)
    payload = canonical_fast(draft.payload)
    content = _content(draft, b'"payload":' + payload)
    if _size(content) <= SOFT_LIMIT:
        return content
    digest = sha256_text(payload)
    content = _content(draft, b'"payload_digest":"%b"' % digest.encode())
    if _size(content) > HARD_LIMIT:
        raise UsageError(
            f"The entry has {_size(content)} bytes; {HARD_LIMIT} are allowed.",
            code=ErrorCode.ENTRY_TOO_LARGE,
            hint="Shorten its names and its idempotency key; a large payload is no problem.",
        )
    put_blob(payload)
    return content


def decode(seq: int, data: bytes, get_blob: Callable[[str], bytes]) -> Entry:
    """The entry recorded as ``data``; a payload in a blob is fetched by ``sha256:<hex>``.

    Raises ``UsageError`` (ENTRY_INVALID, ENTRY_TOO_LARGE) when the bytes are not a canonical entry
    of this format, and whatever ``get_blob`` raises.
    """
    fields = _fields(data)
    if "payload" in fields:
        payload = fields["payload"]
    else:
        payload = orjson.loads(get_blob(str(fields["payload_digest"])))
    if not isinstance(payload, dict):
        raise _invalid("the payload must be an object")
    return Entry(
        seq=seq,
        type=cast("str", fields["type"]),
        project=cast("str", fields["project"]),
        actor=cast("str", fields["actor"]),
        source=cast("str", fields["source"]),
        idem=cast("str", fields["idem"]),
        at=cast("int", fields["at"]),
        schema=cast("int", fields["schema"]),
        payload=cast("JsonObject", payload),
        data=data,
    )


def content_of(data: bytes) -> tuple[bytes, str | None]:
    """Of a recorded entry: its content digest, and the ``sha256:<hex>`` of its blob if it has one.

    Raises ``UsageError`` (ENTRY_INVALID) for bytes that do not begin as an entry does.
    """
    match = _START.match(data)
    if match is None:
        raise _invalid("it does not begin as an entry does")
    start, end = match.span(1)
    digest = hashlib.sha256(data[:start] + data[end:]).digest()
    blob = None if match[2] is None else str(orjson.loads(data)["payload_digest"])
    return digest, blob


def identity_of(data: bytes) -> tuple[str, str, int]:
    """Of a recorded entry: project, idempotency key and ``at``; ``UsageError`` as ``decode``."""
    fields = _fields(data)
    return str(fields["project"]), str(fields["idem"]), cast("int", fields["at"])


def canonical_fast(value: JsonValue) -> bytes:
    """``domain.canonical.canonical_bytes``, about 30 times faster for text in ASCII.

    orjson sorts keys by UTF-8 bytes and RFC 8785 by UTF-16 units: the same order unless a key holds
    characters beyond ASCII, so such values take the slow road.
    """
    if _is_plain(value):
        try:
            data = orjson.dumps(value, option=_SORTED)
        except orjson.JSONEncodeError:
            pass  # The slow road says why.
        else:
            if data.isascii():
                return data
    try:
        _refuse_formless(value, MAX_DEPTH)
        return canonical_bytes(value)
    except RecursionError as error:
        raise _invalid(str(error)) from error


def _is_plain(value: object) -> bool:
    """Whether orjson and RFC 8785 agree on all values in ``value``; looks at a level at a time."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        kinds = set(map(type, level)) - _PLAIN
        if not kinds:
            return True
        if not kinds <= _NESTED:
            return False
        inner: list[object] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                inner += cast("dict[object, object]", item).values()
            elif kind is list or kind is tuple:
                inner += cast("Sequence[object]", item)
        level = inner
    return set(map(type, level)) <= _PLAIN


def _refuse_formless(value: object, depth: int) -> None:
    """Refuse whatever has no form in JSON, wherever it stands in ``value``."""
    if value is None or isinstance(value, str | int | float):
        return
    if depth == 0:
        raise _invalid(f"it is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        items: Iterable[object] = cast("Mapping[object, object]", value).values()
    elif isinstance(value, list | tuple):
        items = cast("Sequence[object]", value)
    else:
        raise _invalid(f"{type(value).__name__} has no form in JSON")
    for item in items:
        _refuse_formless(item, depth - 1)


def _content(draft: Draft, payload_member: bytes) -> Content:
    before_at = b'{"actor":' + _text(draft.actor)
    after_at = b',"idem":%b,%b%b' % (
        _text(draft.idem),
        payload_member,
        _ending(draft.project, draft.schema, draft.source, draft.type),
    )
    digest = hashlib.sha256(before_at + after_at).digest()
    return Content(draft.project, draft.idem, before_at, after_at, digest)


@functools.lru_cache(maxsize=1_024)
def _ending(project: str, schema: int, source: str, type_: str) -> bytes:
    """The members that follow the payload: the same for most entries."""
    return b',"project":%b,"schema":%d,"source":%b,"type":%b,"v":%d}' % (
        _text(project),
        schema,
        _text(source),
        _text(type_),
        FORMAT_VERSION,
    )


def _size(content: Content) -> int:
    """Bytes of the recorded entry at most, whatever its ``at``."""
    return len(content.before_at) + len(content.after_at) + len(',"at":') + _LARGEST_AT


def _text(value: str) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise _invalid(str(error)) from error


def _check_names(draft: Draft) -> None:
    if not (draft.type and draft.project and draft.idem):
        raise _invalid("type, project and idempotency key must not be empty")
    if type(draft.payload) is not dict and not isinstance(cast("object", draft.payload), Mapping):
        raise _invalid("the payload must be an object")
    if not 0 < draft.schema <= MAX_SAFE_INTEGER:
        raise _invalid("the schema version must be a positive integer")


def _fields(data: bytes) -> dict[str, JsonValue]:
    """The members of a recorded entry, after checking its size, form and types."""
    if len(data) > HARD_LIMIT:
        raise UsageError(
            f"The entry has {len(data)} bytes; {HARD_LIMIT} are allowed.",
            code=ErrorCode.ENTRY_TOO_LARGE,
        )
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _invalid(str(error)) from error
    if not isinstance(value, dict):
        raise _invalid("a JSON object was expected")
    fields = cast("dict[str, JsonValue]", value)
    if canonical_fast(fields) != data:
        raise _invalid("its bytes are not in canonical form")
    if fields.keys() - _KEYS not in ({"payload"}, {"payload_digest"}) or _KEYS - fields.keys():
        raise _invalid("it has other members than an entry")
    _check_types(fields)
    return fields


def _check_types(fields: Mapping[str, JsonValue]) -> None:
    for name, value in fields.items():
        if name == "payload":
            continue
        wanted = int if name in ("at", "schema", "v") else str
        if type(value) is not wanted:
            raise _invalid(f"{name} must be {'an integer' if wanted is int else 'text'}")
    if fields["v"] != FORMAT_VERSION:
        raise _invalid(f"format version {fields['v']} is not {FORMAT_VERSION}")


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"The entry is not valid: {why}.",
        code=ErrorCode.ENTRY_INVALID,
        hint="An entry is RFC 8785 canonical JSON with text, integers and no floats.",
    )
