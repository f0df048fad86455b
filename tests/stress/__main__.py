"""Everything at its whole size: ``python -m tests.stress --seed N [--share P] [ROW …]``.

Closes with the counts of each row. A failure prints the command that repeats it.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

import structlog

from tests.stress.rows import ROWS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.stress")
    parser.add_argument("--seed", type=int, default=1, help="repeats what another run drew")
    parser.add_argument("--share", type=int, default=100, help="per cent of the whole")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    asked = parser.parse_args()
    unknown = sorted(set(asked.rows) - set(ROWS))
    if unknown:
        parser.error(f"there is no row {', '.join(unknown)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    failed = [row for row in asked.rows or ROWS if not _run(row, asked.seed, asked.share)]
    held = len(asked.rows or ROWS) - len(failed)
    for row in failed:
        print(f"repeat: python -m tests.stress --seed {asked.seed} --share {asked.share} {row}")
    print(f"seed {asked.seed}: {held} rows held, {len(failed)} failed")
    return 1 if failed else 0


def _run(row: str, seed: int, share: int) -> bool:
    """Run one row with its own numbers, so that it draws the same when it runs alone."""
    scenario, whole = ROWS[row]
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"stress-{row}-") as folder:
        try:
            counts = scenario(
                Path(folder), random.Random(f"{seed}/{row}"), max(1, whole * share // 100)
            )
        except Exception:  # noqa: BLE001 - the other rows still run, the exit code tells
            traceback.print_exc()
            counts = ""
    print(f"{row:4} {time.monotonic() - start:7.1f} s  {counts or 'FAILED'}", flush=True)
    return bool(counts)


if __name__ == "__main__":
    sys.exit(main())
