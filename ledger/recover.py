"""Rebuilding ``sequencer.db`` from the published files, when it is lost or older than they are.

Entries that were acknowledged in the last moments (200 ms) before the loss and never published are
in no other file: they are gone, and their writers, repeating their idempotency keys, record them
again.
"""

from collections.abc import Iterator
from pathlib import Path

import structlog

from domain.errors import ConflictError, IntegrityError, NotFoundError
from ledger.checkpoint import open_checkpoint
from ledger.durable import OsFs, read_file, typed_errors
from ledger.entry import content_of, identity_of
from ledger.folder import Paths, check_folder, install_sequencer
from ledger.lock import alone
from ledger.manifest import Manifest, parse_manifest
from ledger.reader import StaticReader
from ledger.sequencer import Head, KeyRow, Sequencer
from ledger.tiles import TILE_WIDTH
from ledger.verify import verify_static

log = structlog.get_logger()


def rebuild_sequencer(data: Path) -> int:
    """Make ``sequencer.db`` again from the verified static files; how many entries it has.

    The old one is kept beside it as ``sequencer.db.replaced``. Raises ``IntegrityError`` when the
    files do not verify, ``ConflictError`` when another process uses the ledger, or when the present
    sequencer is whole: rebuilding it could only lose entries that are not yet published.
    """
    paths = Paths(data)
    text = read_file(paths.manifest)
    if text is None:
        raise NotFoundError("There is no ledger here.", hint="Name the data folder of a ledger.")
    manifest = parse_manifest(text)
    with alone(paths.open_lock):
        _refuse_when_whole(paths, manifest)
        head = _published_head(StaticReader(paths.static), manifest)
        if paths.sequencer.exists():
            with typed_errors():
                paths.sequencer.replace(paths.sequencer.with_suffix(".db.replaced"))
        rows = _key_rows(StaticReader(paths.static), head.size)
        install_sequencer(paths, head, rows, OsFs())
    log.warning("ledger.recovered", size=head.size)
    return head.size


def _refuse_when_whole(paths: Paths, manifest: Manifest) -> None:
    if not paths.sequencer.exists():
        return
    try:
        sequencer = Sequencer(paths.sequencer)
        try:
            check_folder(paths, manifest, sequencer)
        finally:
            sequencer.close()
    except IntegrityError:
        return
    raise ConflictError(
        "sequencer.db is whole; rebuilding it could lose entries that are not yet published.",
        hint="Open the ledger as usual.",
    )


def _published_head(reader: StaticReader, manifest: Manifest) -> Head:
    """The head that the verified static files stand for."""
    vkey = manifest.keys[-1].verifier.vkey
    verify_static(reader.root, vkey, origin=manifest.origin).raise_first()
    note = reader.checkpoint_text()
    size = open_checkpoint(note, manifest.verifiers, manifest.origin).size
    last = reader.bundle((size - 1) // TILE_WIDTH, size)[-1:] if size else []
    at = max((identity_of(entry)[2] for entry in last), default=0)
    return Head(size, reader.edge(size), note, size, at)


def _key_rows(reader: StaticReader, size: int) -> Iterator[KeyRow]:
    for start in range(0, size, TILE_WIDTH):
        for seq, entry in enumerate(reader.bundle(start // TILE_WIDTH, size), start):
            project, key, _ = identity_of(entry)
            yield seq, project, key, content_of(entry)[0]
