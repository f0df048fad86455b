"""One write request: whose it is, what it sees, and the drafts that it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from domain.canonical import JsonObject
from domain.ids import derived_id
from graph.port import GraphReader
from ledger.entry import Draft

SOURCE = "mlflow"
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Write:
    """A write request before it is judged. ``graph`` must show every entry recorded before it."""

    project: str
    idem: str
    """Idempotency key; all ids that the request makes are derived from it, so that a repetition
    makes the same ones."""
    graph: GraphReader

    def draft(
        self,
        kind: str,
        payload: Mapping[str, object],
        *,
        actor: str,
        part: int = 0,
        subject: str = "",
    ) -> Draft:
        """A draft of this request; ``part`` tells its drafts apart, ``subject`` can be erased."""
        return Draft(
            type=kind,
            project=self.project,
            actor=actor or ANONYMOUS,
            source=SOURCE,
            idem=f"{self.idem}/{part}" if part else self.idem,
            payload=cast("JsonObject", payload),
            subject=subject,
        )

    def fresh_run_id(self) -> str:
        """32 hexadecimal digits, as MLflow's run ids are."""
        return derived_id("mlflow.run", self.project, self.idem)

    def fresh_experiment_id(self) -> str:
        """A decimal number below 2**60, for clients take experiment ids for integers."""
        return str(int(derived_id("mlflow.experiment", self.project, self.idem)[:15], 16))


@dataclass(frozen=True, slots=True)
class Planned:
    """What a write comes to: entries to append as one unit, and the id that it is about."""

    drafts: tuple[Draft, ...]
    subject: str
    """The run's or experiment's id."""
