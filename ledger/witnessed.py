"""The last checkpoint that a quorum of witnesses cosigned, kept apart from the newest one."""

from ledger import merkle
from ledger.checkpoint import Checkpoint
from ledger.durable import read_file
from ledger.folder import Paths
from ledger.manifest import Manifest
from ledger.reader import StaticReader


def witnessed_checkpoint(paths: Paths, manifest: Manifest) -> Checkpoint | None:
    """The last checkpoint that a quorum cosigned; ``IntegrityError`` when it is not the log's."""
    text = read_file(paths.witnessed)
    return None if text is None else manifest.open(text.decode("utf-8", "replace"))


def evidence_for(seq: int, current: Checkpoint, paths: Paths, manifest: Manifest) -> Checkpoint:
    """The checkpoint to prove entry ``seq`` with: a witnessed one as long as it covers the entry.

    ``current`` is the published one, which bears cosignatures itself when nothing came after it.
    """
    witnessed = witnessed_checkpoint(paths, manifest)
    if witnessed is None or not seq < witnessed.size < current.size:
        return current
    return witnessed


def is_of_tree(checkpoint: Checkpoint, reader: StaticReader, published: int) -> bool:
    """Whether a kept checkpoint is of a tree that the published one extends."""
    return (
        checkpoint.size <= published
        and merkle.root(reader.edge(checkpoint.size)) == checkpoint.root
    )
