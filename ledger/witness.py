"""A witness: cosigns what it has seen to only grow. https://c2sp.org/tlog-witness

For each log it keeps the last checkpoint that it cosigned. Looking at that, checking, and keeping
the new one is one step under a lock, and the new one is durable before it is answered.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from domain.clock import Clock
from domain.errors import IntegrityError
from ledger import merkle
from ledger.consistency import parse_path
from ledger.cosignature import cosign
from ledger.durable import DurableFolder, OsFs, read_file, typed_errors
from ledger.lock import exclusive
from ledger.signing import Signer, Verifier, open_note
from ledger.tree_head import SIZE, TreeHead, parse_tree_head, unverified_tree_head

log = structlog.get_logger()

REQUEST_LIMIT = 64 * 1024
"""Bytes of a request: 63 hashes, and a checkpoint with many signatures."""
TEXT = "text/plain"
SIZE_KIND = "text/x.tlog.size"
_EVIDENCE_LIMIT = 64
"""Refused checkpoints that are kept, so that nobody fills the disk with them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the witness answers, in the words of HTTP."""

    status: int
    body: str
    kind: str = TEXT


class Witness:
    """Cosigns for the given logs; several processes may share its folder. Thread-safe."""

    def __init__(
        self, folder: Path, signer: Signer, logs: Sequence[Verifier], clock: Clock
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._logs: Mapping[str, list[Verifier]] = {
            key.name: [other for other in logs if other.name == key.name] for key in logs
        }
        with typed_errors():
            folder.mkdir(parents=True, exist_ok=True)
        self._durable = DurableFolder(folder, folder / ".staging", OsFs())
        self._durable.prepare()

    def add_checkpoint(self, request: bytes) -> Reply:
        """Answer one ``add-checkpoint`` request.

        1. malformed: 400; 2. a log that we do not know: 404; 3. not signed by it: 403; 4. then,
        as one step: not from where we are: 409 with our size; another root at our size: 409; no
        proof that it grew: 422; else it is kept and cosigned.
        """
        # 1
        try:
            old, path, text = _parse(request)
            head = unverified_tree_head(text)
        except (IntegrityError, UnicodeDecodeError):
            return Reply(400, "The request is malformed.\n")
        # 2
        verifiers = self._logs.get(head.origin)
        if verifiers is None:
            return Reply(404, "This log is not known here.\n")
        # 3
        try:
            body = open_note(text, verifiers)
            parse_tree_head(body)
        except IntegrityError:
            return Reply(403, "The checkpoint is not signed by its log.\n")
        if old > head.size:
            return Reply(400, "The old size is larger than the checkpoint's.\n")
        # 4
        with exclusive(self._folder / ".lock"):
            return self._advance(old, path, head, text, body)

    def _advance(
        self, old: int, path: Sequence[bytes], head: TreeHead, text: str, body: str
    ) -> Reply:
        known = self._known(head.origin)
        if old != known.size:
            return Reply(409, f"{known.size}\n", SIZE_KIND)
        if old == head.size and head.root != known.root:
            self._keep_evidence(head, text)
            return Reply(409, f"{known.size}\n", SIZE_KIND)
        try:
            merkle.verify_consistency(old, head.size, known.root, head.root, path)
        except IntegrityError:
            self._keep_evidence(head, text)
            return Reply(422, "The consistency proof does not hold.\n")
        self._durable.replace({_name(head.origin): text.encode()})
        line = cosign(body, self._signer, self._clock.now_ms() // 1000)
        log.info("checkpoint.cosigned", origin=head.origin, size=head.size)
        return Reply(200, line)

    def _known(self, origin: str) -> TreeHead:
        data = read_file(self._folder / _name(origin))
        if data is None:
            return TreeHead(origin, 0, merkle.EMPTY_ROOT)
        return unverified_tree_head(data.decode())

    def _keep_evidence(self, head: TreeHead, text: str) -> None:
        """Signed by the log and yet in contradiction to what it signed before."""
        log.error("witness.refused", origin=head.origin, size=head.size)
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        if len(list(self._folder.glob("*.refused-*"))) < _EVIDENCE_LIMIT:
            self._durable.replace({f"{_name(head.origin)}.refused-{digest}": text.encode()})


def format_request(old: int, path_lines: str, checkpoint: str) -> bytes:
    """The body of an ``add-checkpoint`` request."""
    return f"old {old}\n{path_lines}\n{checkpoint}".encode()


def _parse(request: bytes) -> tuple[int, list[bytes], str]:
    head, separator, checkpoint = request.decode().partition("\n\n")
    first, *lines = head.split("\n")
    word, _, number = first.partition(" ")
    if not separator or word != "old" or not SIZE.fullmatch(number):
        raise IntegrityError("This is not a request to a witness.")
    return int(number), parse_path([f"{line}\n" for line in lines]), checkpoint


def _name(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()[:32] + ".checkpoint"
