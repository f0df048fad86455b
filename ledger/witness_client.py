"""Asking a witness to cosign our checkpoint. https://c2sp.org/tlog-witness"""

from domain.errors import ErrorCode, IntegrityError
from ledger.checkpoint import Checkpoint
from ledger.consistency import format_path
from ledger.cosignature import cosignatures
from ledger.http_exchange import Answer, HttpExchange
from ledger.reader import LogReader
from ledger.tree_head import SIZE
from ledger.witness import SIZE_KIND, format_request
from ledger.witness_policy import Witness

SECONDS = 10.0
"""For each question."""
_ANSWER_LIMIT = 64 * 1024
_ATTEMPTS = 3
"""Another process of ours may have the witness cosign a newer tree meanwhile."""


class WitnessClient:
    """One witness, and what we know of how far it has come. Not thread-safe."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._exchange = HttpExchange(witness.url, seconds=SECONDS)
        self._size = 0

    def cosignature(self, checkpoint: Checkpoint, reader: LogReader) -> str:
        """The witness's line for the checkpoint, verified.

        Raises ``BackendError`` when the witness does not answer as it should; ``IntegrityError``:
        LEDGER_ROLLED_BACK when it has cosigned a larger tree, LEDGER_FORKED when it says that ours
        does not extend the one that it cosigned.
        """
        for _ in range(_ATTEMPTS):
            answer = self._ask(checkpoint, reader)
            if answer.status != 409:
                return self._line(checkpoint, answer)
            size = self._known_size(answer)
            if size > checkpoint.size:
                raise self._refused(ErrorCode.LEDGER_ROLLED_BACK, f"it has seen {size} entries")
            if size == self._size:
                raise self._refused(ErrorCode.LEDGER_FORKED, f"it knows another tree of {size}")
            self._size = size
        raise self._exchange.broken("names another size each time")

    def close(self) -> None:
        """Let go of the connection."""
        self._exchange.close()

    def _ask(self, checkpoint: Checkpoint, reader: LogReader) -> Answer:
        old = min(self._size, checkpoint.size)
        path = reader.consistency_proof(old, checkpoint.size, published=checkpoint.size)
        request = format_request(old, format_path(path), checkpoint.text)
        return self._exchange.ask("POST", "/add-checkpoint", request, limit=_ANSWER_LIMIT)

    def _line(self, checkpoint: Checkpoint, answer: Answer) -> str:
        if answer.status == 422:
            raise self._refused(ErrorCode.LEDGER_FORKED, "no proof leads from what it has seen")
        if answer.status != 200:
            raise self._exchange.broken(f"has status {answer.status}")
        try:
            text = checkpoint.text + answer.data.decode()
            line = cosignatures(text, [self._witness.verifier])[self._witness.verifier]
        except (UnicodeDecodeError, IntegrityError, KeyError) as error:
            raise self._exchange.broken("is not its cosignature") from error
        self._size = checkpoint.size
        return line

    def _known_size(self, answer: Answer) -> int:
        text = answer.data.decode("ascii", "replace").removesuffix("\n")
        if answer.kind != SIZE_KIND or not SIZE.fullmatch(text):
            raise self._exchange.broken("names no size")
        return int(text)

    def _refused(self, code: ErrorCode, why: str) -> IntegrityError:
        return IntegrityError(
            f"The witness {self._witness.name} refuses our checkpoint: {why}.",
            code=code,
            hint="Restore the newest backup of the whole folder; two copies must not both write.",
        )
