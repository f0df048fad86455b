"""The publisher against a model: whatever goes wrong, the files are the tree of some prefix."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.errors import LineproofError
from ledger import merkle
from ledger.checkpoint import sign_checkpoint
from ledger.durable import DurableFolder
from ledger.entry import encode
from ledger.publisher import Publisher
from ledger.reader import StaticReader
from ledger.sequencer import Head, Sequencer, create_sequencer
from ledger.signing import Signer
from ledger.verify import verify_static
from tests.ledger.builders import draft
from tests.stress.faulty_fs import FAULTS, FaultyFs, Killed
from tests.stress.memory_folder import memory_root

ORIGIN = "test/publisher"
SIGNER = Signer(ORIGIN, bytes(32))


class PublisherMachine(RuleBasedStateMachine):
    """The model: the entries, and how many of them the last checkpoint covers at least."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=memory_root()))
        self.static = self.folder / "static"
        self.entries: list[bytes] = []
        self.published = 0
        self.signed: dict[int, bytes] = {}
        self.sequencer: Sequencer

    @initialize()
    def create(self) -> None:
        path = self.folder / "sequencer.db"
        empty = sign_checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT, SIGNER)
        create_sequencer(path, Head(0, (), empty.text, 0, 0), iter(()))
        self.sequencer = Sequencer(path)
        DurableFolder(self.static, self.folder / "staging", FaultyFs()).prepare()
        self.publish()

    def teardown(self) -> None:
        self.sequencer.close()
        shutil.rmtree(self.folder)

    def publisher(self, fs: FaultyFs) -> Publisher:
        static = DurableFolder(self.static, self.folder / "staging", fs)
        return Publisher(self.folder / "lock", static, self.sequencer, self.sign)

    def sign(self, size: int, root: bytes) -> str:
        assert self.signed.setdefault(size, root) == root, "two roots are signed for one size"
        return sign_checkpoint(ORIGIN, size, root, SIGNER).text

    @rule(count=st.integers(1, 300))
    def commit(self, count: int) -> None:
        start = len(self.entries)
        unit = [encode(draft(f"e{n}"), lambda _: "") for n in range(start, start + count)]
        self.entries += [one.recorded(5) for one in unit]
        self.sequencer.commit([unit], 5)

    @rule()
    def sign_ahead(self) -> None:
        """As a key rotation does, and as versions did that signed at every commit."""
        head = self.sequencer.head()
        self.sequencer.restate(self.sign(head.size, head.root))

    @rule()
    def publish(self) -> None:
        text = self.publisher(FaultyFs()).publish()
        self.published = len(self.entries)
        assert text.split("\n")[1] == str(self.published)
        assert StaticReader(self.static).checkpoint_text() == text
        assert self.sequencer.pending(0, self.published + 1) == []

    @rule(number=st.integers(1, 60), fault=st.sampled_from(FAULTS))
    def publish_and_fail(self, number: int, fault: int | None) -> None:
        """The number-th change fails, or is the death of the process; another one goes on."""
        fs = FaultyFs(number, fault)
        try:
            self.publisher(fs).publish()
        except (LineproofError, Killed):
            assert fs.failed
        else:
            # Only a file that nobody needs any more may stay behind unnoticed.
            assert fs.failed is None
            self.published = len(self.entries)

    @invariant()
    def the_files_are_the_tree_of_a_prefix(self) -> None:
        report = verify_static(self.static, SIGNER.verifier.vkey)
        assert report.ok, report.faults
        assert self.published <= report.size <= len(self.entries)
        leaves = merkle.leaf_hashes(self.entries[: report.size])
        assert report.root == merkle.root(merkle.extend(0, (), leaves)[1])
        pending = [seq for seq, _ in self.sequencer.pending(0, len(self.entries))]
        assert pending == list(range(self.sequencer.head().published, len(self.entries)))
        assert self.sequencer.head().published <= report.size


PublisherMachine.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None
)
TestPublisherMachine = PublisherMachine.TestCase
