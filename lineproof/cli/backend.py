"""What commands ask: a server (``--url``) or a data folder (``--data``), with the same answers."""

from typing import BinaryIO, Protocol

from domain.canonical import JsonObject
from lineproof.settings import Settings


class Backend(Protocol):
    """Raises ``LineproofError`` with the code that the server would answer with."""

    def gate(self, request: JsonObject) -> JsonObject:
        """The verdict on a gate request, recorded unless it is a dry run."""
        ...

    def apply_policies(self, text: str) -> JsonObject:
        """Declares every policy of a ``lineproof.yaml``."""
        ...

    def verdict(self, verdict_id: str) -> JsonObject:
        """A recorded verdict."""
        ...

    def proof(self, seq: int) -> str:
        """The tlog-proof of an entry."""
        ...

    def compare(self, request: JsonObject) -> JsonObject:
        """The comparison of two sets of runs."""
        ...

    def lineage(self, request: JsonObject) -> JsonObject:
        """What stands upstream or downstream of a node, or the path between two."""
        ...

    def upload(self, path: str, file: BinaryIO, size: int) -> None:
        """Stores a file of ``size`` bytes among the artifacts."""
        ...

    def ask(self, operation: str, arguments: JsonObject) -> JsonObject:
        """Carries out an operation of ``lineproof.operations``."""
        ...

    def close(self) -> None:
        """Release what is open."""
        ...


def open_backend(settings: Settings) -> Backend:
    """The server when an address is set, else the data folder; its ledger is as remembered."""
    if settings.url:
        from lineproof.cli.memory import check_server
        from lineproof.cli.remote import RemoteBackend

        check_server(settings)
        return RemoteBackend(settings.url, settings.project)
    from lineproof.cli.local import open_local

    return open_local(settings)
