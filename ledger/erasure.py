"""Erasing a subject: its key is destroyed, and the ledger says so.

Nobody else may use the ledger meanwhile, for a process keeps the keys that it has read. Each step
can be repeated, so an interrupted erasure is finished by asking again::

    1. append ``payload.erased`` with the subject's pseudonym, and publish
    2. destroy the key

Nothing is taken out of the ledger: what was sealed stays there, and can never be opened again.
"""

from dataclasses import dataclass
from pathlib import Path

import structlog

from domain.clock import Clock
from domain.errors import NotFoundError
from domain.ids import DEFAULT_PROJECT
from ledger.append_alone import append_alone
from ledger.checkpoint import HeadSigner
from ledger.durable import DurableFolder, OsFs
from ledger.entry import Draft
from ledger.folder import Paths, check_folder, read_signer
from ledger.lock import alone, exclusive
from ledger.manifest import parse_manifest
from ledger.publisher import Publisher
from ledger.sealing import checked_subject, new_key
from ledger.sequencer import Sequencer
from ledger.subject_keys import SubjectKeys

log = structlog.get_logger()

PAYLOAD_ERASED = "payload.erased"
"""The type of the entry; its payload is ``{"subject": <pseudonym>}``."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """A subject that can no longer be read."""

    pseudonym: str
    seq: int
    """Of the entry that says so."""


def erase_subject(data: Path, subject: str, *, actor: str, clock: Clock) -> Erasure:
    """Make every payload of the subject unreadable for ever.

    Raises ``ConflictError`` while another process uses the ledger, ``NotFoundError`` when nothing
    was ever sealed under the subject.
    """
    paths = Paths(data)
    if not paths.manifest.is_file():
        raise NotFoundError("There is no ledger here.", hint="Name the data folder of a ledger.")
    keys = SubjectKeys(paths.keys, new_key)
    pseudonym = keys.pseudonym(checked_subject(subject))
    if not keys.exists(pseudonym) and not keys.is_erased(pseudonym):
        raise NotFoundError(
            "Nothing in this ledger is sealed under that subject.",
            hint="Give it exactly as it stood in the tag `lineproof.erasable`.",
        )
    with alone(paths.open_lock):
        seq = _append(paths, pseudonym, actor, clock.now_ms())
        keys.destroy(pseudonym)
    log.warning("payload.erased", subject=pseudonym, seq=seq)
    return Erasure(pseudonym, seq)


def _append(paths: Paths, pseudonym: str, actor: str, now_ms: int) -> int:
    manifest = parse_manifest(paths.manifest.read_bytes())
    signer = read_signer(paths, manifest)
    draft = Draft(
        type=PAYLOAD_ERASED,
        project=DEFAULT_PROJECT,
        actor=actor,
        source="cli",
        idem=f"{PAYLOAD_ERASED}/{pseudonym}",
        payload={"subject": pseudonym},
    )
    sequencer = Sequencer(paths.sequencer)
    try:
        with exclusive(paths.publish_lock):
            check_folder(paths, manifest, sequencer)
        seq = append_alone(sequencer, draft, now_ms).seq
        static = DurableFolder(paths.static, paths.staging, OsFs())
        Publisher(
            paths.publish_lock, static, sequencer, HeadSigner(manifest.origin, signer)
        ).publish()
    finally:
        sequencer.close()
    return seq
