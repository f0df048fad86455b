"""Opens a data folder in this process and answers as a server would."""

from typing import BinaryIO

from domain.canonical import JsonObject
from lineproof import comparisons, lineages, operations, policies, verdicts
from lineproof.cli.memory import check_folder
from lineproof.services import Services
from lineproof.settings import LOG_LEVEL, Settings
from lineproof.wiring import open_services
from resolvers import ledger_entries
from telemetry.logging import configure_logging

_SOURCE = "cli"


class LocalBackend:
    """An open data folder, in one project."""

    def __init__(self, services: Services, settings: Settings) -> None:
        self._services = services
        self._settings = settings
        self._project = settings.project

    def gate(self, request: JsonObject) -> JsonObject:
        """The verdict on a gate request."""
        return verdicts.judge(self._services, request, project=self._project, source=_SOURCE)

    def apply_policies(self, text: str) -> JsonObject:
        """Declares every policy of a document."""
        return policies.declare(self._services, text, project=self._project, source=_SOURCE)

    def verdict(self, verdict_id: str) -> JsonObject:
        """A recorded verdict."""
        return verdicts.recorded(self._services, verdict_id, project=self._project)

    def proof(self, seq: int) -> str:
        """The tlog-proof of an entry."""
        size = self._services.catch_up()
        ledger_entries.one(self._services.log, seq, project=self._project, as_of=size)
        return self._services.log.prove(seq)

    def compare(self, request: JsonObject) -> JsonObject:
        """The comparison of two sets of runs."""
        return comparisons.compare(self._services, request, project=self._project)

    def lineage(self, request: JsonObject) -> JsonObject:
        """What stands upstream or downstream of a node, or the path between two."""
        return lineages.lineage_answer(self._services, request, project=self._project)

    def upload(self, path: str, file: BinaryIO, size: int) -> None:
        """Stores a file among the artifacts; ``size`` is not needed here."""
        from lineproof.http.mlflow_files import store_file  # No other command needs the server.

        store_file(self._services, self._project, path, file)

    def ask(self, operation: str, arguments: JsonObject) -> JsonObject:
        """Carries out an operation."""
        services, project = self._services, self._project
        return operations.perform(services, operation, arguments, project=project, source=_SOURCE)

    def close(self) -> None:
        """Close the folder, and remember how far its ledger has come."""
        self._services.close()
        check_folder(self._settings)


def open_local(settings: Settings) -> LocalBackend:
    """The data folder that ``settings`` name, created on first use; as remembered."""
    check_folder(settings)
    return LocalBackend(open_quietly(settings), settings)


def open_quietly(settings: Settings) -> Services:
    """The services of a command: its answer is its output, so only warnings are logged."""
    quiet = "warning" if settings.log_level == LOG_LEVEL.default else settings.log_level
    configure_logging(log_format=settings.log_format, level=quiet)
    return open_services(settings)
