"""What this user's commands remember of each ledger, so that none can be rolled back unnoticed.

Whoever asks a server or opens a folder holds its checkpoint against the last one seen: a ledger
that was cut back, or that has a twin with other entries, exits 4. Loads no cryptography unless a
key is pinned (``LINEPROOF_KEY``): comparing tree heads needs hashes only.
"""

from pathlib import Path

from domain.errors import BackendError, ErrorCode, NotFoundError, UsageError
from ledger.reader import LogReader
from ledger.remembered import check_remembered, memory_name
from ledger.tiles import CHECKPOINT
from ledger.tree_head import TreeHead
from lineproof.cli.log_place import open_log_place
from lineproof.settings import STATE, Settings

_FOLDER = "checkpoints"


def check_server(settings: Settings) -> None:
    """Hold the ledger of ``settings.url`` against what is remembered, and the pinned key.

    Raises ``IntegrityError`` (LEDGER_ROLLED_BACK, LEDGER_FORKED, CHECKPOINT_INVALID), or
    ``BackendError`` when the server does not show its ledger.
    """
    if not settings.state and not settings.key:
        return
    with open_log_place(settings.url) as log:
        try:
            text = log.reader.checkpoint_text()
        except NotFoundError as error:
            raise BackendError(
                f"The server {settings.url} shows no ledger.",
                hint="Is this address a Lineproof server of this version?",
            ) from error
        if settings.key:
            from ledger.manifest import pinned_manifest

            pinned_manifest(log.keys, settings.key).open(text)
        check_log(settings, text, log.keys, log.reader)


def check_log(
    settings: Settings, text: str, keys: bytes | None, reader: LogReader
) -> TreeHead | None:
    """Hold one checkpoint against what is remembered of its log; what that was."""
    if not settings.state:
        return None
    return check_remembered(memory_path(settings, memory_name(text, keys)), text, reader)


def memory_path(settings: Settings, name: str) -> Path:
    """The file of that name in this user's memory."""
    try:
        folder = Path(settings.state).expanduser() / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise UsageError(
            f"Nothing can be remembered in {settings.state}: {error}.",
            code=ErrorCode.CONFIG_INVALID,
            hint=f"Let {STATE.name} name a folder that can be written, or make it empty.",
        ) from error
    return folder / name


def check_folder(settings: Settings) -> None:
    """Hold the ledger in the data folder, if there is one yet, against what is remembered."""
    if not settings.state or not (settings.data / "ledger" / "static" / CHECKPOINT).is_file():
        return
    with open_log_place(str(settings.data)) as log:
        check_log(settings, log.reader.checkpoint_text(), log.keys, log.reader)
