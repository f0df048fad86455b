"""``ledger.toml``: the format version, the log's origin and the keys that may sign it.

Each key after the first carries the statement by which the key before it handed over::

    lineproof-key-rotation/v1
    <origin>
    <vkey of the new key>

    — <name> <signature of the old key>

So whoever pinned an old key can trust the newer ones, and nobody can add a key without the old one.
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.note import bad_note
from ledger.signing import Signer, Verifier, open_note, parse_vkey
from ledger.tree_head import unverified_tree_head

FILE = "ledger.toml"
FORMAT = 1
_ROTATION = "lineproof-key-rotation/v1"


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A verifier key and the first checkpoint size that it signs.

    It goes on up to and with the ``from_size`` of the next key: that one size both sign.
    """

    verifier: Verifier
    from_size: int
    rotation: str = ""
    """The note by which the key before it handed over; empty for the first."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a reader must know of a log before it can trust a byte of it."""

    origin: str
    keys: tuple[KeyRange, ...]

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """Every key, oldest first."""
        return tuple(key.verifier for key in self.keys)

    def open(self, text: str) -> Checkpoint:
        """The checkpoint in ``text``, signed by a key in force at its size.

        Raises ``IntegrityError`` (CHECKPOINT_INVALID).
        """
        return open_checkpoint(text, self._at(unverified_tree_head(text).size), self.origin)

    def trusted_from(self, pinned: Verifier) -> "Manifest":
        """The pinned key and those that follow from it; ``IntegrityError`` when none leads on."""
        if pinned not in self.verifiers:
            raise bad_note("ledger.toml does not name the pinned key")
        keys = self.keys[self.verifiers.index(pinned) :]
        for old, new in pairwise(keys):
            body = open_note(new.rotation, [old.verifier])
            if body != _rotation_body(self.origin, new.verifier):
                raise bad_note("a key in ledger.toml was not handed over by the one before it")
        return Manifest(self.origin, keys)

    def text(self) -> str:
        """The file's one form."""
        lines = [f"format = {FORMAT}", f'origin = "{self.origin}"']
        for key in self.keys:
            lines += ["", "[[keys]]", f'vkey = "{key.verifier.vkey}"']
            lines.append(f"from_size = {key.from_size}")
            if key.rotation:
                lines.append(f"rotation = {json.dumps(key.rotation, ensure_ascii=False)}")
        return "\n".join(lines) + "\n"

    def _at(self, size: int) -> Sequence[Verifier]:
        ends = [*(key.from_size for key in self.keys[1:]), size]
        return [
            key.verifier
            for key, end in zip(self.keys, ends, strict=True)
            if key.from_size <= size <= end
        ]


def sign_rotation(origin: str, old: Signer, new: Verifier) -> str:
    """The statement by which ``old`` hands over to ``new``."""
    return old.sign_note(_rotation_body(origin, new))


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in ``data``; ``UsageError`` (CONFIG_INVALID) unless it is in its one form."""
    try:
        table = tomllib.loads(data.decode())
        keys = tuple(
            KeyRange(parse_vkey(key["vkey"]), int(key["from_size"]), str(key.get("rotation", "")))
            for key in table["keys"]
        )
        manifest = Manifest(str(table["origin"]), keys)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, LookupError, TypeError) as error:
        raise _invalid(str(error)) from error
    if manifest.text().encode() != data or not keys:
        raise _invalid("it was changed")
    try:
        return manifest.trusted_from(keys[0].verifier)
    except IntegrityError as error:
        raise _invalid("its keys do not lead from one to the next") from error


def pinned_manifest(data: bytes | None, vkey: str, origin: str | None = None) -> Manifest:
    """What a pinned key vouches for: itself, and with ``ledger.toml`` the keys that follow it.

    Raises ``UsageError`` (CONFIG_INVALID) or ``IntegrityError`` (CHECKPOINT_INVALID).
    """
    verifier = parse_vkey(vkey)
    if data is None:
        return Manifest(origin or verifier.name, (KeyRange(verifier, 0),))
    return parse_manifest(data).trusted_from(verifier)


def _rotation_body(origin: str, new: Verifier) -> str:
    return f"{_ROTATION}\n{origin}\n{new.vkey}\n"


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"ledger.toml cannot be used: {why}.",
        code=ErrorCode.CONFIG_INVALID,
        hint="Restore it from a backup; it names the keys that sign this ledger.",
    )
