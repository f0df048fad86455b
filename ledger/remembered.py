"""The last checkpoint that a client saw of a log, and the demand that the next one extends it.

A log that was cut back, or of which two copies were written, is whole by itself: only somebody who
remembers finds out. Needs hashes only, no cryptography: whoever pinned a key verifies first.
"""

import hashlib
import re
from pathlib import Path

from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger import merkle, note
from ledger.durable import DurableFolder, OsFs, read_file, typed_errors
from ledger.lock import exclusive
from ledger.reader import LogReader
from ledger.tree_head import TreeHead, unverified_tree_head

_FIRST_KEY = re.compile(rb'^vkey = "([^"\n]+)"$', re.M)
_LOCK = ".lock"
_STAGING = ".staging"


def check_remembered(path: Path, text: str, reader: LogReader) -> TreeHead | None:
    """Hold a log's checkpoint against the one in ``path``, then keep it there; the old one.

    1. nothing is remembered: keep it; 2. an older one than remembered, and still so when asked
    again (another process may have remembered a newer one meanwhile): LEDGER_ROLLED_BACK;
    3. a proof over the log's tiles must lead from the old root to the new: else LEDGER_FORKED.
    A refused checkpoint is kept beside ``path`` as evidence. Raises ``IntegrityError`` for these,
    ``BackendError`` when the log cannot be read, ``UsageError`` when the memory cannot.
    """
    with typed_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(path.parent / _LOCK):
        remembered = read_file(path)
        # 1
        if remembered is None:
            _keep(path, text)
            return None
        old, new = _remembered_head(path, remembered), unverified_tree_head(text)
        # 2
        if new.size < old.size:
            text = reader.checkpoint_text()
            new = unverified_tree_head(text)
        # 3
        try:
            _require_extension(old, new, reader)
        except IntegrityError as error:
            raise _refused(path, text, error) from error
        if remembered != text.encode():
            _keep(path, text)
        return old


def memory_name(text: str, keys: bytes | None) -> str:
    """The file name under which the checkpoints of a log are remembered: its origin and first key.

    ``keys`` is the log's ``ledger.toml``, where it has one: its first key stays the same when keys
    are rotated. Else the key that signed. Two ledgers of one origin, which is the default one, have
    different keys.
    """
    origin = unverified_tree_head(text).origin
    first = _FIRST_KEY.search(keys or b"")
    key = first[1] if first else _signing_key(origin, text)
    return hashlib.sha256(origin.encode() + b"\n" + key).hexdigest()[:24] + ".checkpoint"


def _signing_key(origin: str, text: str) -> bytes:
    lines = note.split_note(text)[1]
    signatures = sorted(s[:4] for name, s in map(note.parse_signature, lines) if name == origin)
    return b"".join(signatures[:1])


def _require_extension(old: TreeHead, new: TreeHead, reader: LogReader) -> None:
    if new.origin != old.origin:
        raise IntegrityError(
            f"The ledger is {new.origin!r}, not {old.origin!r} as remembered.",
            code=ErrorCode.LEDGER_FORKED,
        )
    if new.size < old.size:
        raise IntegrityError(
            f"The ledger was rolled back: {old.size} entries were signed, {new.size} are left.",
            code=ErrorCode.LEDGER_ROLLED_BACK,
            context={"remembered": old.size, "size": new.size},
        )
    try:
        path = reader.consistency_proof(old.size, new.size, published=new.size)
        merkle.verify_consistency(old.size, new.size, old.root, new.root, path)
    except IntegrityError as error:
        raise IntegrityError(
            f"The ledger was forked: its {new.size} entries do not continue the {old.size} that "
            f"are remembered ({error.message})",
            code=ErrorCode.LEDGER_FORKED,
            context={"remembered": old.size, "size": new.size},
        ) from error


def _refused(path: Path, text: str, error: IntegrityError) -> IntegrityError:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    evidence = path.with_name(f"{path.name}.refused-{digest}")
    _keep(evidence, text)
    return IntegrityError(
        error.message,
        code=error.code,
        hint=f"Both checkpoints are kept: {path} (remembered) and {evidence} (refused). Only if "
        "you know why the ledger was replaced, remove the remembered one.",
        context=error.context,
    )


def _keep(path: Path, text: str) -> None:
    folder = DurableFolder(path.parent, path.parent / _STAGING, OsFs())
    folder.prepare()
    folder.replace({path.name: text.encode()})


def _remembered_head(path: Path, data: bytes) -> TreeHead:
    try:
        return unverified_tree_head(data.decode())
    except (UnicodeDecodeError, IntegrityError) as error:
        raise UsageError(
            f"The remembered checkpoint {path} cannot be read.",
            code=ErrorCode.CONFIG_INVALID,
            hint="Restore it; or remove it, and what was seen before is forgotten.",
        ) from error
