"""Wall time and memory of a piece of work in this process.

Memory delta = ``VmHWM`` after − ``VmRSS`` before, after writing 5 to ``/proc/self/clear_refs``,
which sets the high-water mark back to the present size (proc(5)). Not ``ru_maxrss``: a child
inherits its parent's. Figures of different methods are never compared, so the method is recorded.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

VMHWM = "linux/vmhwm-after-minus-vmrss-before"
UNAVAILABLE = "unavailable"

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass
class Measurement:
    """What one ``measure`` block took; complete once the block has ended."""

    wall_seconds: float = 0.0
    memory_delta_bytes: int | None = None
    """Bytes above the size at the start; None where the system cannot tell."""
    method: str = UNAVAILABLE


@contextmanager
def measure() -> Generator[Measurement]:
    """Measure the block: ``with measure() as m: …``, then read ``m``."""
    result = Measurement()
    before = _reset_peak()
    start = time.perf_counter()
    try:
        yield result
    finally:
        result.wall_seconds = time.perf_counter() - start
        if before is not None:
            result.memory_delta_bytes = max(0, _status_bytes("VmHWM") - before)
            result.method = VMHWM


def _reset_peak() -> int | None:
    """Bytes resident now, with the peak set back to it; None where that is impossible."""
    try:
        _CLEAR_REFS.write_text("5")
        return _status_bytes("VmRSS")
    except OSError:
        return None


def _status_bytes(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0]) * 1024
    raise OSError(f"{_STATUS} has no {field}")
