"""The sequencer against a model: a list of entries and a dictionary of keys."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.errors import ConflictError
from ledger import merkle
from ledger.entry import Content, Receipt, encode
from ledger.sequencer import Head, Sequencer, create_sequencer
from tests.ledger.builders import draft
from tests.stress.memory_folder import memory_root

UNIT = st.lists(st.tuples(st.integers(0, 20), st.sampled_from("xxy")), min_size=1, max_size=4)
UNITS = st.lists(UNIT, max_size=4)


def content(key: str, text: str) -> Content:
    return encode(draft(key, payload={"text": text}), lambda _: "")


class SequencerMachine(RuleBasedStateMachine):
    """Two openers of one database, as two processes have; any of them may do the next thing."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=memory_root()))
        self.path = self.folder / "sequencer.db"
        self.entries: list[bytes] = []
        self.keys: dict[str, tuple[int, bytes]] = {}
        self.at = 0
        self.published = 0
        self.checkpoint = "empty"

    @initialize()
    def create(self) -> None:
        create_sequencer(self.path, Head(0, (), "empty", 0, 0), iter(()))
        self.openers = [Sequencer(self.path), Sequencer(self.path)]

    def teardown(self) -> None:
        for opener in self.openers:
            opener.close()
        shutil.rmtree(self.folder)

    @rule(units=UNITS, now=st.integers(0, 50), opener=st.integers(0, 1))
    def commit(self, units: list[list[tuple[int, str]]], now: int, opener: int) -> None:
        contents = [[content(f"k{key}", text) for key, text in unit] for unit in units]
        outcomes = self.openers[opener].commit(contents, now)
        at, before = max(self.at, now), len(self.entries)
        for unit, outcome in zip(contents, outcomes, strict=True):
            expected = self.expected(unit, at)
            if expected is None:
                assert isinstance(outcome, ConflictError)
            else:
                assert outcome == expected
        self.at = at if len(self.entries) > before else self.at

    def expected(self, unit: list[Content], at: int) -> list[Receipt] | None:
        """What the model answers, and its new state; None for a conflict, which changes nothing."""
        entries, keys = list(self.entries), dict(self.keys)
        receipts: list[Receipt] = []
        for one in unit:
            known = keys.get(one.idem)
            if known is None:
                keys[one.idem] = (len(entries), one.digest)
                receipts.append(Receipt(len(entries), repeated=False))
                entries.append(one.recorded(at))
            elif known[1] == one.digest:
                receipts.append(Receipt(known[0], repeated=True))
            else:
                return None
        self.entries, self.keys = entries, keys
        return receipts

    @rule(data=st.data(), opener=st.integers(0, 1))
    def mark_published(self, data: st.DataObject, opener: int) -> None:
        size = data.draw(st.integers(self.published, len(self.entries)))
        self.openers[opener].mark_published(size, f"checkpoint of {size}")
        self.published, self.checkpoint = size, f"checkpoint of {size}"

    @rule(opener=st.integers(0, 1))
    def reopen(self, opener: int) -> None:
        self.openers[opener].close()
        self.openers[opener] = Sequencer(self.path)

    @invariant()
    def is_as_the_model(self) -> None:
        size, edge = merkle.extend(0, (), merkle.leaf_hashes(self.entries))
        for opener in self.openers:
            head = opener.head()
            assert (head.size, head.edge, head.at) == (size, edge, self.at)
            assert head.published == self.published
            assert head.checkpoint == self.checkpoint
            rows = list(enumerate(self.entries))
            assert opener.pending(0, size + 1) == rows[self.published :]
            digests = sorted(self.keys.values())
            assert opener.idem_digests(0, size + 1) == digests
            assert opener.keys_beyond_head() == 0


SequencerMachine.TestCase.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None
)
TestSequencerMachine = SequencerMachine.TestCase
