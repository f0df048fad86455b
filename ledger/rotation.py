"""Handing a ledger over to a new key, so that whoever pinned the old one can go on.

Nobody else may use the ledger meanwhile. Every step can be repeated, and opening the ledger is
refused while the new key waits, so an interrupted rotation is finished by asking for it again::

    1. write the new private key beside the old one
    2. publish what is committed, signed by the old key
    3. append ``ledger.key_rotated``, with the old key's statement, signed by the old key; publish
    4. name the new key in ledger.toml, from the size of that tree on
    5. sign that tree with the new key too; publish
    6. the new private key takes the old one's name, and the old one is gone
"""

from dataclasses import dataclass
from pathlib import Path

import structlog

from domain.clock import Clock
from domain.errors import ErrorCode, IntegrityError, NotFoundError
from domain.ids import DEFAULT_PROJECT
from ledger.append_alone import append_alone
from ledger.checkpoint import HeadSigner
from ledger.durable import DurableFolder, Fs, OsFs, read_file, typed_errors
from ledger.entry import Draft
from ledger.folder import Paths, check_folder
from ledger.lock import alone, exclusive
from ledger.manifest import KeyRange, Manifest, parse_manifest, sign_rotation
from ledger.note import split_note
from ledger.publisher import Publisher
from ledger.sequencer import Sequencer
from ledger.signing import Signer, generate_signer, parse_signer
from ledger.verify_keys import KEY_ROTATED

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rotation:
    """A key that handed over to another."""

    old: str
    """Verifier key."""
    new: str
    """Verifier key."""
    from_size: int
    """The tree that both sign; the new key alone signs every later one."""


def rotate_key(data: Path, *, actor: str, clock: Clock, fs: Fs | None = None) -> Rotation:
    """Make a new key, hand the ledger over to it, and forget the old private key.

    Raises ``ConflictError`` while another process uses the ledger, ``IntegrityError`` when it
    contradicts itself, ``NotFoundError`` when there is none.
    """
    paths = Paths(data)
    if not paths.manifest.is_file():
        raise NotFoundError("There is no ledger here.", hint="Name the data folder of a ledger.")
    with alone(paths.open_lock):
        sequencer = Sequencer(paths.sequencer)
        try:
            return _Steps(paths, sequencer, fs or OsFs()).run(actor, clock.now_ms())
        finally:
            sequencer.close()


class _Steps:
    def __init__(self, paths: Paths, sequencer: Sequencer, fs: Fs) -> None:
        self._paths = paths
        self._sequencer = sequencer
        self._fs = fs
        self._old = parse_signer(_text(paths.signing_key))
        self._manifest = parse_manifest(_text(paths.manifest).encode())
        static = DurableFolder(paths.static, paths.staging, fs)
        self._sign = HeadSigner(self._manifest.origin, self._old)
        self._publisher = Publisher(paths.publish_lock, static, sequencer, self._sign)

    def run(self, actor: str, now_ms: int) -> Rotation:
        with exclusive(self._paths.publish_lock):
            check_folder(self._paths, self._manifest, self._sequencer)
        # 1
        new = self._new_signer()
        # 2
        self._publisher.publish()
        # 3
        statement = sign_rotation(self._manifest.origin, self._old, new.verifier)
        size = self._append(actor, now_ms, new.verifier.vkey, statement) + 1
        self._publisher.publish()
        # 4
        if new.verifier not in self._manifest.verifiers:
            keys = (*self._manifest.keys, KeyRange(new.verifier, size, statement))
            text = Manifest(self._manifest.origin, keys).text()
            self._folder(self._paths.ledger).replace({self._paths.manifest.name: text.encode()})
        # 5
        self._sign_too(new, size)
        # 6
        with typed_errors():
            self._fs.rename(self._paths.next_signing_key, self._paths.signing_key)
            self._fs.sync(self._paths.keys)
        log.warning("key.rotated", old=self._old.verifier.vkey, new=new.verifier.vkey, size=size)
        return Rotation(self._old.verifier.vkey, new.verifier.vkey, size)

    def _new_signer(self) -> Signer:
        path = self._paths.next_signing_key
        if path.exists():
            return parse_signer(_text(path))
        signer = generate_signer(self._old.verifier.name)
        self._folder(self._paths.keys).replace({path.name: signer.key_file.encode()}, mode=0o600)
        return signer

    def _append(self, actor: str, now_ms: int, vkey: str, statement: str) -> int:
        draft = Draft(
            type=KEY_ROTATED,
            project=DEFAULT_PROJECT,
            actor=actor,
            source="cli",
            idem=f"{KEY_ROTATED}/{vkey}",
            payload={"rotation": statement, "vkey": vkey},
        )
        receipt = append_alone(self._sequencer, draft, now_ms)
        if receipt.seq + 1 != self._sequencer.head().size:
            raise IntegrityError(
                "Entries were appended in the middle of a key rotation.",
                code=ErrorCode.LEDGER_TAMPERED,
                hint="Restore the newest backup of the whole folder.",
            )
        return receipt.seq

    def _sign_too(self, new: Signer, size: int) -> None:
        """The tree that hands over bears both signatures, so that either key opens it."""
        head = self._sequencer.head()
        alone_signed = self._sign(size, head.root)
        body, _ = split_note(alone_signed)
        self._sequencer.restate(alone_signed + new.signature_line(body))
        self._publisher.publish()

    def _folder(self, root: Path) -> DurableFolder:
        return DurableFolder(root, self._paths.staging, self._fs)


def _text(path: Path) -> str:
    data = read_file(path)
    if data is None:
        raise NotFoundError(
            f"The ledger's {path.name} is missing.", hint="Restore it from a backup."
        )
    return data.decode("utf-8", "replace")
