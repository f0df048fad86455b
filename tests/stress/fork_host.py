"""A process that forks others which have everything imported already: a start takes milliseconds.

``python -m tests.stress.fork_host MODULE …`` obeys lines of JSON on stdin; ``ForkHost`` sends them.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class ForkHost:
    """Starts functions of the named modules as processes of their own, and ends them."""

    def __init__(self, *modules: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stress.fork_host", *modules],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, function: str, *arguments: object) -> int:
        """Run ``module:function`` with plain arguments in a new process; its pid."""
        return self._ask({"start": function, "arguments": [str(a) for a in arguments]})

    def kill(self, pid: int) -> None:
        """End it with signal 9 and wait until it is gone."""
        self._ask({"kill": pid})

    def wait(self, pid: int) -> int:
        """Its exit code, negative for a signal, once it has ended."""
        return self._ask({"wait": pid})

    def close(self) -> None:
        """End the host; processes that still run end with it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> "ForkHost":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, command: dict[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def main() -> None:
    for module in sys.argv[1:]:
        importlib.import_module(module)
    running: set[int] = set()
    for line in sys.stdin:
        command = json.loads(line)
        print(_obey(command, running), flush=True)
    for pid in sorted(running):
        os.kill(pid, signal.SIGKILL)


def _obey(command: dict[str, Any], running: set[int]) -> int:
    if "start" in command:
        pid = os.fork()
        if pid == 0:
            _run(str(command["start"]), command["arguments"])
        running.add(pid)
        return pid
    pid = int(command.get("kill") or command["wait"])
    if "kill" in command:
        os.kill(pid, signal.SIGKILL)
    running.discard(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _run(function: str, arguments: list[str]) -> None:
    """In the new process: call the function, then end without the host's own clean-up."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(2, 1)
        module, _, name = function.partition(":")
        code = getattr(sys.modules[module], name)(*arguments) or 0
    except BaseException:  # noqa: BLE001 - whatever it was, the host reads it from the exit code
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
