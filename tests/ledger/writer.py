"""A process that appends, printing each acknowledgement.

``python -m tests.ledger.writer <data folder> <name> <count>``
"""

import sys
from pathlib import Path

from domain.clock import SystemClock
from ledger.log import Log
from tests.ledger.builders import draft


def main() -> None:
    data, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    log = Log.open(data, clock=SystemClock())
    for number in range(count):
        keys = [f"{name}-{number}-{part}" for part in range(3)]
        payload = {"blob": f"{name}{number}" * 3_000} if number % 20 == 0 else {"n": number}
        receipts = log.append([draft(key, payload={**payload, "key": key}) for key in keys])
        for key, receipt in zip(keys, receipts, strict=True):
            sys.stdout.write(f"ack {receipt.seq} {key}\n")
        sys.stdout.flush()
    log.close()


if __name__ == "__main__":
    main()
