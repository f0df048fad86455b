"""How much memory a Python process takes beyond its bare interpreter, and a server in a call.

``VmHWM`` after − ``VmRSS`` before, after writing 5 to ``clear_refs``, as ``telemetry.probe`` does
for its own process (design, section 14). Never ``ru_maxrss``: a child inherits its parent's.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_INSIDE = """
import atexit, sys
def kib(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before, into = kib("VmRSS:"), sys.argv[1]
def tell():
    with open(into, "w") as out:
        out.write(str((kib("VmHWM:") - before) * 1024))
atexit.register(tell)
sys.argv = sys.argv[2:]
import runpy
if sys.argv[0] == "-c":
    exec(sys.argv[1], {"__name__": "__main__"})
elif sys.argv[0] == "-m":
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def memory_of(argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> int:
    """Bytes that ``python ARGV`` (``-m``, ``-c`` or a script) takes beyond a bare interpreter."""
    with tempfile.NamedTemporaryFile("r") as told:
        command = [sys.executable, "-c", _INSIDE, told.name, *argv]
        subprocess.run(
            command, cwd=cwd, env={**environment}, capture_output=True, text=True, check=False
        )
        return int(told.read())


@dataclass
class Peak:
    """What another process took in a block; complete once the block has ended."""

    delta_bytes: int = 0


@contextmanager
def peak_of(pid: int) -> Generator[Peak]:
    """How much another process of ours grows, at most, while the block runs."""
    process = Path(f"/proc/{pid}")
    (process / "clear_refs").write_text("5")
    before = _bytes(process, "VmRSS")
    peak = Peak()
    yield peak
    peak.delta_bytes = max(0, _bytes(process, "VmHWM") - before)


def _bytes(process: Path, field: str) -> int:
    for line in (process / "status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0]) * 1024
    raise ProcessLookupError(os.fspath(process))
