"""What verification found."""

from dataclasses import dataclass, field

from domain.errors import ErrorCode, IntegrityError

MAX_FAULTS = 1_000
"""Faults kept in a report; ``VerifyReport.fault_count`` goes on counting."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was recorded."""

    seq: int | None
    """The first entry concerned; None when it is not about entries."""
    path: str
    """The file, relative to what was verified."""
    message: str


@dataclass(slots=True)
class VerifyReport:
    """Counts of what was checked, and the faults in the order of entries."""

    base: str = ""
    """What stands before the path of each fault."""
    origin: str = ""
    size: int = 0
    """Entries that the checkpoint covers."""
    root: bytes = b""
    files: int = 0
    """Files under the log's prefix, all of which were read."""
    superseded: int = 0
    """Partial tiles and bundles that a later one replaced, and that agree with it."""
    ahead: int = 0
    """Files of a publish that has not reached its checkpoint."""
    blobs: int = 0
    sealed: int = 0
    """Payloads that can be erased."""
    erased: int = 0
    """Of these, payloads that were."""
    pending: int = 0
    """Committed entries that no checkpoint covers yet."""
    cosigned: set[str] = field(default_factory=set[str])
    """Known witnesses with a valid cosignature."""
    strangers: set[str] = field(default_factory=set[str])
    """``<name>+<key id>`` of lines that no known key made; they say nothing."""
    fault_count: int = 0
    faults: list[Fault] = field(default_factory=list[Fault])

    @property
    def ok(self) -> bool:
        """Whether everything is as it was recorded."""
        return not self.fault_count

    def add(self, seq: int | None, path: str, message: str) -> None:
        """Note a fault."""
        self.fault_count += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(seq, self.base + path, message))

    def merge(self, other: "VerifyReport") -> None:
        """Take over what another part of the verification found, after our own."""
        self.blobs += other.blobs
        self.pending += other.pending
        self.sealed += other.sealed
        self.erased += other.erased
        self.cosigned |= other.cosigned
        self.strangers |= other.strangers
        self.fault_count += other.fault_count
        self.faults += other.faults

    def sort(self) -> None:
        """Put the first entry's faults first, those without an entry last."""
        self.faults.sort(key=lambda f: (f.seq is None, f.seq or 0))

    def raise_first(self) -> None:
        """``IntegrityError`` (LEDGER_TAMPERED) that names the first fault, if there is one."""
        if not self.faults:
            return
        first = self.faults[0]
        where = "The ledger" if first.seq is None else f"The ledger at entry {first.seq}"
        raise IntegrityError(
            f"{where} does not hold: {first.message} ({first.path}).",
            code=ErrorCode.LEDGER_TAMPERED,
            hint="Do not use it before you know who changed it; restore from a backup or mirror.",
            context={"seq": first.seq, "path": first.path, "faults": self.fault_count},
        )
