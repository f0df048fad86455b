"""Witnesses: what they cosign, what they refuse, and what we accept of them."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.clock import FrozenClock
from domain.errors import UsageError
from ledger.checkpoint import Checkpoint, sign_checkpoint
from ledger.consistency import format_path
from ledger.cosignature import cosign, cosignatures
from ledger.log import Log
from ledger.reader import StaticReader
from ledger.signing import COSIGNATURE, Signer, parse_vkey
from ledger.verify import verify_static
from ledger.witness import SIZE_KIND, Witness, format_request
from ledger.witness_policy import parse_witness_policy
from tests.ledger.builders import fill, open_log

WITNESS = Signer("witness.example/w", bytes(range(1, 33)), COSIGNATURE)
OTHER = Signer("other.example/w", bytes(range(2, 34)), COSIGNATURE)
NOW = 1_700_000_000


class _World:
    """A log and a witness of it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.log = open_log(self.data)
        self.folder = folder / "witness"
        self.witness = self.reopened()

    def reopened(self) -> Witness:
        key = parse_vkey(self.log.vkey)
        return Witness(self.folder, WITNESS, [key], FrozenClock(NOW * 1000))

    def ask(self, old: int, checkpoint: Checkpoint | None = None) -> tuple[int, str]:
        checkpoint = checkpoint or self.log.checkpoint()
        path = self.log.consistency_proof(min(old, checkpoint.size), checkpoint.size)
        reply = self.witness.add_checkpoint(format_request(old, format_path(path), checkpoint.text))
        return reply.status, reply.body


@pytest.fixture
def world(tmp_path: Path) -> _World:
    made = _World(tmp_path)
    fill(made.log, 10)
    return made


def test_growth_is_cosigned_and_the_line_verifies(world: _World) -> None:
    for old, more in ((0, 0), (10, 300), (310, 1), (311, 0)):
        if more:
            fill(world.log, more, prefix=f"{old}-")
        status, line = world.ask(old)
        assert status == 200
        text = world.log.checkpoint().text + line
        assert list(cosignatures(text, [WITNESS.verifier, OTHER.verifier])) == [WITNESS.verifier]
        assert line == cosign(text.partition("\n\n")[0] + "\n", WITNESS, NOW)
        (world.data / "ledger/static/checkpoint").write_text(text)
        assert verify_static(world.data / "ledger/static", world.log.vkey).ok
        assert world.log.checkpoint().text == text
    world.log.close()


def test_a_witness_says_where_it_is(world: _World) -> None:
    assert world.ask(3) == (409, "0\n")
    assert world.ask(0)[0] == 200
    fill(world.log, 5, prefix="more")
    assert world.ask(0) == (409, "10\n")
    world.witness = world.reopened()
    assert world.ask(11) == (409, "10\n")
    assert world.ask(10)[0] == 200
    path = world.log.consistency_proof(10, 15)
    request = format_request(10, format_path(path), world.log.checkpoint().text)
    assert world.witness.add_checkpoint(request).kind == SIZE_KIND
    world.log.close()


def test_a_rollback_is_refused(world: _World) -> None:
    older = world.log.checkpoint()
    fill(world.log, 5, prefix="more")
    assert world.ask(0)[0] == 200
    assert world.ask(10, older) == (409, "15\n")
    assert world.ask(15, older)[0] == 400
    world.log.close()


def _twin(world: _World) -> Log:
    world.log.close()
    twin = world.data.with_name("twin")
    shutil.copytree(world.data, twin)
    world.log = open_log(world.data)
    fill(world.log, 5, prefix="mine")
    return open_log(twin)


@pytest.mark.parametrize(("more", "status"), [(5, 409), (9, 422)])
def test_a_fork_is_refused_and_kept_as_evidence(world: _World, more: int, status: int) -> None:
    twin = _twin(world)
    fill(twin, more, prefix="theirs")
    assert world.ask(0)[0] == 200
    theirs = twin.checkpoint()
    path = twin.consistency_proof(15, theirs.size)
    reply = world.witness.add_checkpoint(format_request(15, format_path(path), theirs.text))
    assert reply.status == status
    (evidence,) = world.folder.glob("*.refused-*")
    assert evidence.read_text() == theirs.text
    fill(world.log, 1, prefix="on")
    assert world.ask(15)[0] == 200
    twin.close()
    world.log.close()


def test_strangers_and_forgers_are_refused(world: _World) -> None:
    text = world.log.checkpoint().text
    forger = Signer(world.log.origin, bytes(32))
    forged = sign_checkpoint(world.log.origin, 10, bytes(32), forger)
    assert world.ask(0, forged)[0] == 403
    stranger = Signer("stranger.example", bytes(32))
    unknown = sign_checkpoint("stranger.example", 10, bytes(32), stranger)
    assert world.ask(0, unknown)[0] == 404
    for bad in (
        b"",
        b"\xff",
        b"old 0\n\n",
        f"old 00\n\n{text}".encode(),
        f"old -1\n\n{text}".encode(),
        f"new 0\n\n{text}".encode(),
        f"old 0\nnot base64\n\n{text}".encode(),
        f"old 0\n{'A' * 43}=\n".encode() * 2,
        f"old 0\n\n{text}".replace("\n10\n", "\n010\n").encode(),
        format_request(0, format_path([bytes(32)] * 64), text),
    ):
        assert world.witness.add_checkpoint(bad).status == 400, bad
    # A proof where none may be.
    assert (
        world.witness.add_checkpoint(format_request(0, format_path([bytes(32)]), text)).status
        == 422
    )
    assert world.ask(0)[0] == 200
    world.log.close()


def test_of_simultaneous_requests_none_rolls_another_back(world: _World) -> None:
    checkpoints = [world.log.checkpoint()]
    for n in range(6):
        fill(world.log, 3, prefix=f"s{n}-")
        checkpoints.append(world.log.checkpoint())
    assert world.ask(0, checkpoints[0])[0] == 200
    requests = [
        format_request(10, format_path(world.log.consistency_proof(10, c.size)), c.text)
        for c in checkpoints[1:]
    ]
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(world.witness.add_checkpoint, requests))
    cosigned = [c.size for c, r in zip(checkpoints[1:], replies, strict=True) if r.status == 200]
    assert len(cosigned) == 1
    assert world.ask(0) == (409, f"{cosigned[0]}\n")
    world.log.close()


@pytest.mark.parametrize("change", ["time", "signature", "cut", "key"])
def test_a_changed_cosignature_counts_for_nothing(world: _World, change: str) -> None:
    from ledger import note

    line = world.ask(0)[1]
    name, signature = note.parse_signature(line.removesuffix("\n"))
    stamped = bytearray(signature[4:])
    if change == "time":
        stamped[7] ^= 1
    elif change == "signature":
        stamped[20] ^= 1
    elif change == "cut":
        stamped = stamped[:-1]
    key_id = b"\0\0\0\0" if change == "key" else signature[:4]
    text = world.log.checkpoint().text + note.signature_line(name, key_id, bytes(stamped))
    assert cosignatures(text, [WITNESS.verifier]) == {}
    world.log.close()


W1, W2, W3 = (
    f"witness w{n} {Signer(f'w{n}.example', bytes([n] * 32), COSIGNATURE).verifier.vkey}"
    for n in (1, 2, 3)
)
POLICY = f"""# who vouches for us
log {Signer("log.example", bytes(32)).verifier.vkey}
{W1} https://w1.example/submit/
\t{W2}
{W3}
group two 2 w1 w2
group all all two w3
quorum all
"""


@pytest.mark.parametrize(
    ("cosigned", "satisfied"),
    [([], False), (["w1", "w2"], False), (["w1", "w3"], False), (["w1", "w2", "w3"], True)],
)
def test_a_policy_says_who_is_a_quorum(cosigned: list[str], satisfied: bool) -> None:
    policy = parse_witness_policy(POLICY)
    assert [w.url for w in policy.witnesses] == ["https://w1.example/submit", "", ""]
    assert policy.satisfied(cosigned) is satisfied


def test_any_and_none_are_quorums_too() -> None:
    assert parse_witness_policy("quorum none\n").satisfied([])
    policy = parse_witness_policy(f"{W1}\n{W2}\ngroup g any w1 w2\nquorum g\n")
    assert policy.satisfied(["w2"])
    assert not policy.satisfied([])


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{W1}\n",
        f"{W1}\nquorum w2\n",
        f"{W1}\nquorum w1\nquorum w1\n",
        f"{W1}\n{W1}\nquorum w1\n",
        f"{W1}\n{W1.replace(' w1 ', ' w2 ')}\nquorum w1\n",
        f"{W1}\ngroup g 2 w1\nquorum g\n",
        f"{W1}\ngroup g 0 w1\nquorum g\n",
        f"{W1}\ngroup g 01 w1\nquorum g\n",
        f"{W1}\ngroup g any w1 w1\nquorum g\n",
        f"{W1}\ngroup g any w2\nquorum g\n",
        f"{W1}\ngroup g any w1\ngroup h any w1\nquorum h\n",
        f"{W1} ftp://w1.example\nquorum w1\n",
        f"{W1.replace('witness', 'wittness')}\nquorum w1\n",
        "witness none x\nquorum none\n",
        f"witness l {Signer('log.example', bytes(32)).verifier.vkey}\nquorum l\n",
    ],
)
def test_a_malformed_policy_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_witness_policy(text)


def test_a_log_in_use_keeps_its_cosignatures(world: _World) -> None:
    """The publisher writes the checkpoint again only when the tree grew."""
    line = world.ask(0)[1]
    path = world.data / "ledger/static/checkpoint"
    path.write_text(path.read_text() + line)
    assert line in world.log.publish().text or line in world.log.checkpoint().text
    world.log.close()
    again = open_log(world.data)
    assert line in again.checkpoint().text
    fill(again, 1, prefix="more")
    assert line not in again.checkpoint().text
    assert StaticReader(world.data / "ledger/static").checkpoint_text() == again.checkpoint().text
    again.close()
