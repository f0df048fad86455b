"""Who may sign waivers: a set of Ed25519 keys and a threshold, as of a ledger position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.canonical import JsonValue
from domain.errors import UsageError
from domain.strict_json import parse_json_object
from domain.waiver import ApproversSet
from graph.model import NodeKind, node_id
from graph.port import GraphReader
from ledger.signing import Verifier, parse_vkey

MAX_KEYS: Final = 100


@dataclass(frozen=True, slots=True)
class Approvers:
    """The set in force."""

    threshold: int
    keys: tuple[Verifier, ...]
    revoked: tuple[Verifier, ...]

    def payload(self) -> ApproversSet:
        """As the ledger keeps it."""
        return {
            "threshold": self.threshold,
            "keys": [key.vkey for key in self.keys],
            "revoked": [key.vkey for key in self.revoked],
        }


NOBODY: Final = Approvers(1, (), ())


def approvers(graph: GraphReader, project: str, *, as_of: int | None) -> Approvers:
    """The set in force at a position; nobody when none was declared."""
    node = node_id(NodeKind.APPROVERS, project)
    found = graph.nodes([node], as_of=as_of).get(node)
    if found is None:
        return NOBODY
    document = parse_json_object(str(found.attributes["document"]).encode("utf-8"))
    threshold, keys, revoked = document["threshold"], document["keys"], document["revoked"]
    return Approvers(int(str(threshold)), _verifiers(keys), _verifiers(revoked))


def replaced(before: Approvers, threshold: int, vkeys: Sequence[str]) -> Approvers:
    """The set with these keys; keys that were in it and are not any more are revoked.

    Raises ``UsageError`` (INVALID_ARGUMENT, CONFIG_INVALID) for a threshold that cannot be met, a
    key that is none or was revoked, two keys of one name.
    """
    keys = tuple(parse_vkey(vkey) for vkey in vkeys)
    publics = {key.public for key in keys}
    if len({key.name for key in keys}) != len(keys) or len(publics) != len(keys):
        raise UsageError("Two approvers have one name or one key.", hint="Name each person once.")
    if not 1 <= threshold <= len(keys) <= MAX_KEYS:
        raise UsageError(
            f"{threshold} of {len(keys)} approvers cannot sign.",
            hint=f"The threshold lies between 1 and the number of keys, {MAX_KEYS} at most.",
        )
    for key in before.revoked:
        if key.public in publics:
            raise UsageError(
                f"The key of {key.name!r} was revoked and stays so.", hint="Make a new key."
            )
    gone = tuple(key for key in before.keys if key.public not in publics)
    revoked = sorted({*before.revoked, *gone}, key=lambda key: key.vkey)
    return Approvers(threshold, tuple(sorted(keys, key=lambda key: key.name)), tuple(revoked))


def _verifiers(vkeys: JsonValue) -> tuple[Verifier, ...]:
    return tuple(parse_vkey(str(vkey)) for vkey in vkeys) if isinstance(vkeys, list) else ()
