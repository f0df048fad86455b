"""Any sequence of appends, publishes, crashes and restarts behaves like a plain list."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.clock import FrozenClock
from domain.errors import ConflictError
from ledger import merkle
from ledger.entry import Draft, Receipt
from ledger.log import Log
from ledger.verify import verify_folder
from tests.ledger.builders import draft, open_log
from tests.stress.memory_folder import memory_root

UNITS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["x", "x", "x", "y"])), min_size=1, max_size=4
)


class LogMachine(RuleBasedStateMachine):
    """The model: a list of (key, content), and where each key stands."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(dir=memory_root()))
        self.clock = FrozenClock(1_000)
        self.model: list[tuple[str, str]] = []
        self.crashes = 0
        self.checkpoints: dict[int, bytes] = {}
        self.log: Log

    @initialize()
    def start(self) -> None:
        self.data = self.root / "0"
        self.log = open_log(self.data, clock=self.clock)

    def teardown(self) -> None:
        self.log.close()
        assert verify_folder(self.data).ok
        shutil.rmtree(self.root)

    @rule(unit=UNITS, step=st.integers(-500, 500))
    def append(self, unit: list[tuple[int, str]], step: int) -> None:
        self.clock.advance(step)
        drafts = [self._draft(f"k{key}", content) for key, content in unit]
        expected = self._expected([(d.idem, str(d.payload["content"])) for d in drafts])
        try:
            assert self.log.append(drafts) == expected
        except ConflictError:
            assert expected is None

    @rule(count=st.integers(200, 300))
    def append_many(self, count: int) -> None:
        start = len(self.model)
        keys = [f"many-{start}-{n}" for n in range(count)]
        self.model += [(key, "x") for key in keys]
        receipts = self.log.append([self._draft(key, "x") for key in keys])
        assert [receipt.seq for receipt in receipts] == list(range(start, start + count))

    @rule()
    def publish(self) -> None:
        checkpoint = self.log.publish()
        assert checkpoint.size == len(self.model)
        assert self.checkpoints.setdefault(checkpoint.size, checkpoint.root) == checkpoint.root

    @rule()
    def reopen(self) -> None:
        self.log.close()
        self.log = open_log(self.data, clock=self.clock)

    @rule()
    def crash(self) -> None:
        """Go on with a copy of the files as they are, as after a sudden death."""
        self.crashes += 1
        copy = self.root / str(self.crashes)
        shutil.copytree(self.data, copy, ignore=shutil.ignore_patterns("*-shm"))
        self.log.close()
        self.data = copy
        self.log = open_log(self.data, clock=self.clock)

    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        if not self.model:
            return
        size = data.draw(st.integers(1, len(self.model)))
        seq = data.draw(st.integers(0, size - 1))
        leaves = list(self.log.leaves(0, size))
        root = merkle.root(merkle.extend(0, (), leaves)[1])
        path = self.log.inclusion_proof(seq, size)
        merkle.verify_inclusion(seq, size, leaves[seq], path, root)

    @invariant()
    def reads_like_the_list(self) -> None:
        entries = list(self.log.read(0, 10**9))
        assert [(e.idem, e.payload["content"]) for e in entries] == self.model
        assert self.log.head().size == len(self.model)
        times = [entry.at for entry in entries]
        assert times == sorted(times)

    def _draft(self, key: str, content: str) -> Draft:
        return draft(key, payload={"content": content})

    def _expected(self, unit: list[tuple[str, str]]) -> list[Receipt] | None:
        """What the model answers, and its new state; None for a conflict."""
        new = list(self.model)
        places = {key: (seq, content) for seq, (key, content) in enumerate(self.model)}
        receipts: list[Receipt] = []
        for key, content in unit:
            known = places.get(key)
            if known is None:
                places[key] = (len(new), content)
                receipts.append(Receipt(len(new), repeated=False))
                new.append((key, content))
            elif known[1] == content:
                receipts.append(Receipt(known[0], repeated=True))
            else:
                return None
        self.model = new
        return receipts


LogMachine.TestCase.settings = settings(max_examples=10, stateful_step_count=12, deadline=None)
TestLogMachine = LogMachine.TestCase
