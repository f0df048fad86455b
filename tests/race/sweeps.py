"""Governance work under 1, 2, 4 and 8 workers, with processes killed in the middle of it."""

import multiprocessing
import random
import shutil
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from domain.schedule import SCHEDULE_COMMITTED
from graph.neo4j import Neo4jGraph
from ledger.verify import verify_folder
from tests.governance.world import World
from tests.race.due_work import claims, make_due
from tests.race.sweep_child import sweep

WORKERS = (1, 2, 4, 8)
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.race.sweep_child"])


def kill_sweeps(folder: Path, rng: random.Random, rounds: int, store: str = "sqlite") -> str:
    """In each round an undisturbed sweep, and killed ones with each number of workers: whoever is
    killed, the claims are the same."""
    killed = 0
    for number in range(rounds):
        due = folder / f"{number}"
        start = make_due(due, store)
        found: set[str] = set()
        calm = _copied(due, "calm", store)
        _ended(_started(calm, rng.choice(WORKERS), rng, store))
        found.add(claims(calm, start))
        for workers in WORKERS:
            shaken = _copied(due, f"shaken{workers}", store)
            killed += _shake(shaken, workers, rng, start, store)
            found.add(claims(shaken, start))
            assert verify_folder(shaken).ok
            shutil.rmtree(shaken)
        assert len(found) == 1, found
    return f"{rounds} rounds, {killed} processes killed, one claim digest in each round"


def start_together(folder: Path, rng: random.Random, rounds: int, store: str = "sqlite") -> str:
    """Several processes plan at the same moment, one of them is killed: one schedule, done once."""
    for number in range(rounds):
        due = folder / f"{number}"
        start = make_due(due, store)
        first, *others = [_started(due, 2, rng, store) for _ in range(3)]
        time.sleep(rng.random())
        first.kill()
        for child in (first, *others):
            _ended(child)
        _ended(_started(due, 2, rng, store))
        claims(due, start)
        assert verify_folder(due).ok
    return f"{rounds} rounds of 3 processes, one schedule in each"


def _shake(folder: Path, workers: int, rng: random.Random, start: int, store: str) -> int:
    """Two processes share the work and are killed at random moments; how many died by it."""
    first = _started(folder, workers, rng, store)
    _wait_for_schedule(folder, start, first)
    children = [first, _started(folder, workers, rng, store)]
    for child in children:
        time.sleep(rng.random() * 0.3)
        child.kill()
    died = [_ended(child) for child in children].count(-signal.SIGKILL)
    _ended(_started(folder, workers, rng, store))
    return died


def _ended(child: ForkServerProcess) -> int:
    """Its exit code: it was killed, or came to its end without a fault."""
    child.join()
    code = child.exitcode
    assert code in (0, -signal.SIGKILL), code
    return code


def _wait_for_schedule(folder: Path, start: int, child: ForkServerProcess) -> None:
    """The position at which the work is planned is the undisturbed one's."""
    world = World(folder, "memory")
    try:
        while child.is_alive():
            size = world.log.head().size
            if any(e.type == SCHEDULE_COMMITTED for e in world.log.read(start, size)):
                return
            time.sleep(0.005)
    finally:
        world.close()


def _started(folder: Path, workers: int, rng: random.Random, store: str) -> ForkServerProcess:
    child = _CONTEXT.Process(target=sweep, args=(folder, workers, str(rng.random()), store))
    child.start()
    return child


def _copied(folder: Path, name: str, store: str) -> Path:
    """The folder as it was; a server, which all copies share, forgets what the last one did."""
    if store != "sqlite":
        _forget(store)
    return Path(shutil.copytree(folder, folder.with_name(f"{folder.name}-{name}")))


def _forget(store: str) -> None:
    graph = Neo4jGraph(store)
    graph.reset()
    graph.close()
