"""The same requests under a frozen clock and one key: the same bytes, on every machine."""

import hashlib
from pathlib import Path

from domain.clock import FrozenClock
from ledger.log import Log
from ledger.signing import Signer
from tests.ledger.builders import draft, fill

ORIGIN = "test.lineproof/determinism"
GOLDEN = "49559896e11339f2226c19aafb0c5cb8db977e6131e1b233ec2879354a00a345"
"""SHA-256 over the name and the bytes of every file that readers see, made once and checked in."""


def test_the_same_requests_give_the_golden_bytes_root_and_signatures(tmp_path: Path) -> None:
    key = tmp_path / "keys/ledger.key"
    key.parent.mkdir()
    key.write_text(Signer(ORIGIN, bytes(range(32))).key_file)
    clock = FrozenClock(1_700_000_000_000)
    log = Log.open(tmp_path, clock=clock, origin=ORIGIN, background=False)
    fill(log, 600, publish_every=170)
    clock.advance(-5)
    log.append(
        [draft("é\u2028 text", payload={"ключ": [1, None, True, "𝒳", {"b": "", "a": 2**53 - 1}]})]
    )
    log.append([draft("big", payload={"text": "x" * 20_000}), draft("e5")])
    log.close()
    digest = hashlib.sha256()
    for folder in ("ledger/static", "blobs"):
        for path in sorted((tmp_path / folder).rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(tmp_path).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    assert digest.hexdigest() == GOLDEN
