"""Run every benchmark, each in its own process: ``python -m benchmarks [topic …]``."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Exit code 0 when every benchmark ran to its end."""
    asked = sys.argv[1:]
    topics = sorted(
        path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
    )
    unknown = sorted(set(asked) - set(topics))
    if unknown:
        print(f"No benchmark named {', '.join(unknown)}; there are: {', '.join(topics)}")
        return 2
    failed = 0
    for topic in asked or topics:
        print(f"== {topic}", flush=True)
        failed += (
            subprocess.run(
                [sys.executable, "-m", f"benchmarks.bench_{topic}"], check=False
            ).returncode
            != 0
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
