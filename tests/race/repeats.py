"""F9: the same requests three times, shuffled, from many threads of two openers of one folder."""

import random
import threading
from collections import defaultdict
from pathlib import Path

from ledger.entry import Draft, Receipt
from ledger.verify import verify_folder
from tests.ledger.builders import draft, open_log

THREADS = 8
TIMES = 3


def repeat_requests(folder: Path, rng: random.Random, count: int) -> str:
    """``count`` requests of one to three entries: each recorded once, with one answer."""
    data = folder / "data"
    requests = [
        [draft(f"{number}/{part}") for part in range(rng.randint(1, 3))] for number in range(count)
    ]
    shuffled = requests * TIMES
    rng.shuffle(shuffled)
    logs = [open_log(data), open_log(data)]
    answers: defaultdict[str, list[Receipt]] = defaultdict(list)
    failures: list[BaseException] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        try:
            for drafts in shuffled[number::THREADS]:
                _send(drafts, number)
        except BaseException as error:
            failures.append(error)
            raise

    def _send(drafts: list[Draft], number: int) -> None:
        receipts = logs[number % 2].append(drafts)
        with lock:
            for one, receipt in zip(drafts, receipts, strict=True):
                answers[one.idem].append(receipt)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    recorded = [entry.idem for entry in logs[0].read(0, logs[1].head().size)]
    assert sorted(recorded) == sorted(one.idem for drafts in requests for one in drafts)
    for key, receipts in answers.items():
        assert {recorded[receipt.seq] for receipt in receipts} == {key}
        assert sorted(receipt.repeated for receipt in receipts) == [False] + [True] * (TIMES - 1)
    for log in logs:
        log.close()
    assert verify_folder(data).ok
    return f"{len(shuffled)} requests, {len(recorded)} entries recorded once"
