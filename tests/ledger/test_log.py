"""The front door: append, idempotency, reading while publishing, several openers."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.clock import FrozenClock
from domain.errors import (
    BackendError,
    ConflictError,
    ErrorCode,
    IntegrityError,
    OverloadedError,
    UsageError,
)
from ledger import merkle
from ledger.entry import Receipt
from ledger.group_commit import MAX_QUEUE, GroupCommit
from ledger.log import Log
from ledger.sequencer import Outcome, Unit
from tests.ledger.builders import draft, fill, open_log


def idems(log: Log) -> list[str]:
    return [entry.idem for entry in log.read(0, 10**9)]


def test_entries_read_back_in_order_published_or_not(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 600, publish_every=250)
    log.append([draft("tail", payload={"x": [1, None, True, "é"]})])
    assert log.checkpoint().size == 600
    assert log.head().size == 601
    entries = list(log.read(0, 10**9))
    assert [entry.seq for entry in entries] == list(range(601))
    assert entries[-1].payload == {"x": [1, None, True, "é"]}
    assert [entry.seq for entry in log.read(255, 258)] == [255, 256, 257]
    assert list(log.read(601, 700)) == []
    assert list(log.leaves(0, 9**9)) == [merkle.leaf_hash(entry.data) for entry in entries]
    log.close()


def test_head_checkpoint_and_leaves_agree(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 300)
    size, edge = merkle.extend(0, (), log.leaves(0, 300))
    assert (log.head().size, log.head().edge) == (size, edge)
    assert log.checkpoint().root == merkle.root(edge)
    log.close()


def test_an_empty_ledger_has_a_signed_checkpoint(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    assert (log.checkpoint().size, log.checkpoint().root) == (0, merkle.EMPTY_ROOT)
    assert log.append([]) == []
    assert log.head().size == 0
    log.close()


def test_a_repeated_key_with_the_same_content_gets_the_old_seq(tmp_path: Path) -> None:
    clock = FrozenClock(5)
    log = open_log(tmp_path, clock=clock)
    assert log.append([draft("a"), draft("b")]) == [Receipt(0, False), Receipt(1, False)]
    clock.advance(1_000)
    assert log.append([draft("b"), draft("c"), draft("c"), draft("a")]) == [
        Receipt(1, True),
        Receipt(2, False),
        Receipt(2, True),
        Receipt(0, True),
    ]
    assert log.append([draft("a", project="other")]) == [Receipt(3, False)]
    log.close()
    log = open_log(tmp_path)
    assert log.append([draft("a")]) == [Receipt(0, True)]
    assert log.head().size == 4
    log.close()


def test_a_reused_key_with_other_content_is_a_conflict_and_writes_nothing(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append([draft("a")])
    before = log.head()
    for unit in (
        [draft("a", payload={"other": 1})],
        [draft("fresh"), draft("a", payload={"other": 1})],
        [draft("twice"), draft("twice", payload={"other": 1})],
    ):
        with pytest.raises(ConflictError) as caught:
            log.append(unit)
        assert caught.value.code == ErrorCode.IDEMPOTENCY_CONFLICT
    assert log.head() == before
    log.close()


def test_a_bad_draft_writes_nothing_of_its_append(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    with pytest.raises(UsageError):
        log.append([draft("a"), draft("b", payload={"x": 1.5})])
    assert log.head().size == 0
    log.close()


def test_a_large_payload_is_resolved_from_its_blob(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    payload = {"points": [{"value": str(i)} for i in range(5_000)]}
    log.append([draft("big", payload=payload)])
    log.publish()
    entry = next(iter(log.read(0, 1)))
    assert entry.payload == payload
    assert b"payload_digest" in entry.data
    blob = next(p for p in (tmp_path / "blobs").rglob("*") if p.is_file())
    blob.write_bytes(b"{}")
    with pytest.raises(IntegrityError):
        list(log.read(0, 1))
    log.close()


def test_time_never_runs_backwards(tmp_path: Path) -> None:
    clock = FrozenClock(1_000)
    log = open_log(tmp_path, clock=clock)
    for name, step in (("a", 500), ("b", -10_000), ("c", 50_000)):
        log.append([draft(name)])
        clock.advance(step)
    log.append([draft("d")])
    assert [entry.at for entry in log.read(0, 9)] == [1_000, 1_500, 1_500, 41_500]
    log.close()


def test_two_openers_of_one_folder_see_each_other(tmp_path: Path) -> None:
    one, two = open_log(tmp_path), open_log(tmp_path)
    assert one.append([draft("a")])[0].seq == 0
    assert two.append([draft("b")])[0].seq == 1
    assert one.append([draft("b")]) == [Receipt(1, True)]
    assert two.publish().size == 2
    assert one.checkpoint().size == 2
    assert one.append([draft("c")])[0].seq == 2
    assert idems(one) == idems(two) == ["a", "b", "c"]
    one.close()
    assert two.checkpoint().size == 3
    assert idems(two) == ["a", "b", "c"]
    two.close()


def test_the_same_requests_give_the_same_bytes(tmp_path: Path) -> None:
    keys = (tmp_path / "a/keys", tmp_path / "b/keys")
    texts: list[str] = []
    for folder in keys:
        folder.mkdir(parents=True)
        if texts:
            (folder / "ledger.key").write_bytes((keys[0] / "ledger.key").read_bytes())
        log = open_log(folder.parent)
        fill(log, 20)
        texts.append(log.checkpoint().text)
        log.close()
    assert texts[0] == texts[1]


def test_an_origin_is_for_ever(tmp_path: Path) -> None:
    clock = FrozenClock()
    Log.open(tmp_path, clock=clock, origin="example.com/one").close()
    log = Log.open(tmp_path, clock=clock)
    assert log.origin == "example.com/one"
    assert log.checkpoint().text.startswith("example.com/one\n0\n")
    log.close()
    with pytest.raises(UsageError) as caught:
        Log.open(tmp_path, clock=clock, origin="example.com/two")
    assert caught.value.code == ErrorCode.CONFIG_INVALID


def test_proofs_hold_for_every_past_size(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 600, publish_every=170)
    leaves = list(log.leaves(0, 600))
    roots = {n: merkle.root(merkle.extend(0, (), leaves[:n])[1]) for n in (1, 256, 300, 511, 600)}
    for size, root in roots.items():
        for seq in {0, size // 2, size - 1}:
            path = log.inclusion_proof(seq, size)
            merkle.verify_inclusion(seq, size, leaves[seq], path, root)
        for old in (n for n in roots if n <= size):
            proof = log.consistency_proof(old, size)
            merkle.verify_consistency(old, size, roots[old], root, proof)
    log.append([draft("unpublished")])
    assert log.inclusion_proof(600, 601)
    for ask in (lambda: log.inclusion_proof(0, 602), lambda: log.consistency_proof(5, 4)):
        with pytest.raises(UsageError):
            ask()
    log.close()


def test_reading_and_appending_go_on_while_a_publisher_runs(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    stop = threading.Event()
    failures: list[BaseException] = []

    def publish() -> None:
        while not stop.is_set():
            log.publish()

    def write(name: str) -> None:
        for i in range(60):
            log.append([draft(f"{name}-{i}-{j}") for j in range(5)])

    def read() -> None:
        try:
            while not stop.is_set():
                size = log.head().size
                assert [entry.seq for entry in log.read(0, size)] == list(range(size))
        except BaseException as error:
            failures.append(error)
            raise

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    others = [threading.Thread(target=publish), threading.Thread(target=read)]
    for thread in writers + others:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    assert not failures
    names = idems(log)
    assert len(names) == len(set(names)) == 900
    for name in "abc":
        own = [n for n in names if n.startswith(name)]
        assert own == [f"{name}-{i}-{j}" for i in range(60) for j in range(5)]
    log.close()


def test_the_background_publisher_publishes(tmp_path: Path) -> None:
    log = open_log(tmp_path, background=True)
    log.append([draft("a")])
    deadline = threading.Event()
    for _ in range(200):
        if log.checkpoint().size == 1:
            break
        deadline.wait(0.05)
    assert log.checkpoint().size == 1
    log.close()


def test_a_changed_published_entry_is_not_read(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    fill(log, 10)
    path = tmp_path / "ledger/static/tile/entries/000.p/10"
    path.write_bytes(path.read_bytes().replace(b'"e7"', b'"eX"'))
    with pytest.raises(IntegrityError) as caught:
        list(log.read(0, 10))
    assert caught.value.code == ErrorCode.LEDGER_TAMPERED
    assert caught.value.context["seq"] == 7
    with pytest.raises(IntegrityError):
        fill(log, 20, prefix="more")
    assert log.failure is not None
    with pytest.raises(IntegrityError):
        log.append([draft("after")])
    log.close()


def test_events_of_the_workflow_are_logged(tmp_path: Path) -> None:
    with capture_logs() as logs:
        log = open_log(tmp_path)
        fill(log, 3)
        log.close()
    events = [entry["event"] for entry in logs]
    assert {"ledger.opened", "ledger.appended", "checkpoint.published"} <= set(events)


class Blocked:
    """A queue whose first commit waits until it is let go, and the sizes of its groups."""

    def __init__(self) -> None:
        self.entered, self.go = threading.Event(), threading.Event()
        self.groups: list[int] = []
        self.queue = GroupCommit(self._commit)
        self.threads: list[threading.Thread] = []

    def _commit(self, units: Sequence[Unit]) -> Sequence[Outcome]:
        self.entered.set()
        self.go.wait()
        self.groups.append(len(units))
        return [[Receipt(0, False)] for _ in units]

    def submit(self, count: int) -> None:
        """Have ``count`` requests wait behind one whose commit is under way."""
        for number in range(count + 1):
            self.threads.append(threading.Thread(target=self.queue.submit, args=([],)))
            self.threads[-1].start()
            if number == 0:
                self.entered.wait()
        while self.queue.waiting < count:
            threading.Event().wait(0.001)

    def finish(self) -> None:
        self.go.set()
        for thread in self.threads:
            thread.join()
        self.queue.close()


def test_what_arrives_during_a_commit_is_the_next_group() -> None:
    blocked = Blocked()
    blocked.submit(299)
    blocked.finish()
    assert blocked.groups == [1, 256, 43]


def test_an_interrupted_commit_leaves_the_queue_to_others() -> None:
    interrupted = iter([True, False])

    def commit(units: Sequence[Unit]) -> Sequence[Outcome]:
        if next(interrupted):
            raise KeyboardInterrupt
        return [[Receipt(0, False)] for _ in units]

    queue = GroupCommit(commit)
    with pytest.raises(KeyboardInterrupt):
        queue.submit([])
    assert queue.submit([]) == [Receipt(0, False)]
    queue.close()


def test_a_full_queue_refuses_and_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_QUEUE == 4_096
    monkeypatch.setattr("ledger.group_commit.MAX_QUEUE", 8)
    blocked = Blocked()
    blocked.submit(8)
    with pytest.raises(OverloadedError) as caught:
        blocked.queue.submit([])
    assert caught.value.retry_after == 1
    blocked.finish()
    assert blocked.groups == [1, 8]


def test_a_writer_that_breaks_answers_everyone() -> None:
    def broken(units: Sequence[Unit]) -> Sequence[Outcome]:
        raise ValueError("a mistake of ours")

    queue = GroupCommit(broken)
    for _ in range(2):
        with pytest.raises(BackendError):
            queue.submit([])
    queue.close()


def test_one_conflict_in_a_group_fails_alone(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.append([draft("a")])
    outcomes: dict[int, str] = {}

    def append(number: int) -> None:
        bad = number % 3 == 0
        try:
            log.append([draft("a", payload={"n": number}) if bad else draft(f"n{number}")])
            outcomes[number] = "ok"
        except ConflictError:
            outcomes[number] = "conflict"

    threads = [threading.Thread(target=append, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {n: "conflict" if n % 3 == 0 else "ok" for n in range(30)}
    assert log.head().size == 21
    log.close()
