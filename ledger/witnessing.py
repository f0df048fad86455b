"""Having our checkpoints cosigned, and keeping what the witnesses say.

A cosignature joins the published ``checkpoint`` file while that is still of the same tree. Under
load the log grows faster than witnesses answer, so the last checkpoint that a quorum cosigned is
also kept by itself, in ``ledger/witnessed``: proofs are made from it as long as it covers them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from domain.errors import BackendError, IntegrityError
from ledger import note
from ledger.checkpoint import Checkpoint
from ledger.durable import DurableFolder, OsFs, read_file
from ledger.folder import Paths
from ledger.lock import exclusive
from ledger.manifest import Manifest, parse_manifest
from ledger.reader import StaticReader
from ledger.tiles import CHECKPOINT
from ledger.witness_client import WitnessClient
from ledger.witness_policy import FILE, Witness, WitnessPolicy, parse_witness_policy
from ledger.witnessed import witnessed_checkpoint

log = structlog.get_logger()

PAUSE = 10
"""Rounds that a witness is left alone after it did not answer."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """How one round went."""

    size: int
    """Of the checkpoint that was shown to the witnesses."""
    by: tuple[str, ...]
    """Witnesses whose cosignature it bears now."""
    quorum: bool
    failures: tuple[BackendError | IntegrityError, ...]


class Witnessing:
    """The witnesses of one ledger. Not thread-safe; several processes may share the folder."""

    def __init__(self, data: Path, policy: WitnessPolicy) -> None:
        self._paths = Paths(data)
        self._policy = policy
        self._clients = [(w, WitnessClient(w)) for w in policy.witnesses if w.url]
        self._pauses: dict[str, int] = {}
        self._reader = StaticReader(self._paths.static)

    def round(self) -> Cosigned:
        """Show the published checkpoint to every witness that has not cosigned it yet.

        What a witness does not do or refuses is in the answer's ``failures``, and logged.
        """
        manifest = parse_manifest(read_file(self._paths.manifest) or b"")
        checkpoint = manifest.open(self._reader.checkpoint_text())
        done = self._policy.cosigned(checkpoint.text)
        lines: list[str] = []
        failures: list[BackendError | IntegrityError] = []
        for witness, client in self._clients:
            if witness.name in done or self._is_paused(witness):
                continue
            try:
                lines.append(client.cosignature(checkpoint, self._reader))
            except (BackendError, IntegrityError) as error:
                failures.append(error)
                self._pauses[witness.name] = PAUSE
                log.error("checkpoint.not_cosigned", witness=witness.name, reason=error.message)
        text = _with_lines(checkpoint.text, lines)
        by = self._policy.cosigned(text)
        quorum = self._policy.satisfied(by)
        if lines:
            self._keep(checkpoint, text, manifest, quorum=quorum)
            log.info("checkpoint.cosigned", size=checkpoint.size, by=by, quorum=quorum)
        return Cosigned(checkpoint.size, tuple(by), quorum, tuple(failures))

    def close(self) -> None:
        """Let go of the connections."""
        for _, client in self._clients:
            client.close()

    def _is_paused(self, witness: Witness) -> bool:
        left = self._pauses.get(witness.name, 0)
        self._pauses[witness.name] = max(left - 1, 0)
        return left > 0

    def _keep(self, checkpoint: Checkpoint, text: str, manifest: Manifest, *, quorum: bool) -> None:
        with exclusive(self._paths.publish_lock):
            current = self._reader.checkpoint_text()
            if note.split_note(current)[0] == note.split_note(text)[0]:
                merged = _with_lines(current, text.partition("\n\n")[2].splitlines(keepends=True))
                self._folder(self._paths.static).replace({CHECKPOINT: merged.encode()})
            before = witnessed_checkpoint(self._paths, manifest)
            if quorum and (before is None or before.size <= checkpoint.size):
                name = self._paths.witnessed.name
                self._folder(self._paths.ledger).replace({name: text.encode()})

    def _folder(self, root: Path) -> DurableFolder:
        return DurableFolder(root, self._paths.staging, OsFs())


def read_witness_policy(data: Path) -> WitnessPolicy | None:
    """The ledger's witness policy; None when it has none.

    Raises ``UsageError`` (CONFIG_INVALID) when it is malformed.
    """
    text = read_file(Paths(data).ledger / FILE)
    return None if text is None else parse_witness_policy(text.decode("utf-8", "replace"))


def _with_lines(text: str, lines: Iterable[str]) -> str:
    """The note with more signatures; the same key signs once, the newest word counts."""
    body = text.partition("\n\n")[0]
    kept: dict[tuple[str, bytes], str] = {}
    for line in [*text.partition("\n\n")[2].splitlines(keepends=True), *lines]:
        name, signature = note.parse_signature(line.removesuffix("\n"))
        kept[name, signature[:4]] = line
    return f"{body}\n\n{''.join(kept.values())}"
