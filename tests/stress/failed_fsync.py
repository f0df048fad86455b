"""F5: one fsync fails; the server ends with a failure and promises nothing more."""

import random
import threading
from pathlib import Path

from tests.stress.server import Client, check_ledger, serving

CLIENTS = 4


def fail_fsync(folder: Path, rng: random.Random, count: int) -> str:
    """``count`` servers whose disk fails once, while four clients write."""
    promised = 0
    for number in range(count):
        data, trigger = folder / f"data{number}", folder / f"trigger{number}"
        with serving(data, module="tests.stress.failing_server", first=(str(trigger),)) as server:
            run_id = Client(server.port, "first").create_run()
            clients = [Client(server.port, f"c{n}") for n in range(CLIENTS)]
            stop = threading.Event()
            threads = [
                threading.Thread(target=client.log_batches, args=(run_id, stop))
                for client in clients
            ]
            for thread in threads:
                thread.start()
            stop.wait(rng.uniform(0.1, 0.6))
            trigger.touch()
            code = server.wait()
            stop.set()
            for thread in threads:
                thread.join()
        assert code != 0, "it went on as if nothing had happened"
        assert not trigger.exists()
        assert "did not confirm" in server.errors.read_text()
        check_ledger(data, clients)
        promised += sum(len(client.promised) for client in clients)
    return f"{count} servers ended with a failure, {promised} batches promised before and kept"
