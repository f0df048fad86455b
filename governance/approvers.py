"""Who may sign: approvers with a threshold, and signers of artifacts, as of a ledger position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.approver import ApproversSet
from domain.canonical import JsonValue
from domain.errors import UsageError
from domain.strict_json import parse_json_object
from graph.model import NodeKind, node_id
from graph.port import GraphReader
from ledger.signing import Verifier, parse_vkey

MAX_KEYS: Final = 100


@dataclass(frozen=True, slots=True)
class Approvers:
    """The set in force."""

    threshold: int
    keys: tuple[Verifier, ...]
    """They sign waivers and changes of the set, ``threshold`` of them together."""
    revoked: tuple[Verifier, ...]
    signers: tuple[Verifier, ...] = ()
    """They sign artifacts, each alone."""
    seq: int | None = None
    """The entry that put it in force; None when there is none."""

    def payload(self) -> ApproversSet:
        """As the ledger keeps it."""
        return {
            "threshold": self.threshold,
            "keys": [key.vkey for key in self.keys],
            "signers": [key.vkey for key in self.signers],
            "revoked": [key.vkey for key in self.revoked],
        }


NOBODY: Final = Approvers(1, (), ())


def approvers(graph: GraphReader, project: str, *, as_of: int | None) -> Approvers:
    """The set in force at a position; nobody when none was declared."""
    node = node_id(NodeKind.APPROVERS, project)
    said = [
        change
        for change in graph.history(node)
        if change.name == "document" and (as_of is None or change.seq < as_of)
    ]
    if not said:
        return NOBODY
    document = parse_json_object(str(said[-1].value).encode("utf-8"))
    return Approvers(
        threshold=int(str(document["threshold"])),
        keys=_verifiers(document["keys"]),
        revoked=_verifiers(document["revoked"]),
        signers=_verifiers(document.get("signers")),
        seq=said[-1].seq,
    )


def replaced(
    before: Approvers, threshold: int, vkeys: Sequence[str], signers: Sequence[str] = ()
) -> Approvers:
    """The set with these keys; keys that were in it and are not any more are revoked.

    Raises ``UsageError`` (INVALID_ARGUMENT, CONFIG_INVALID) for a threshold that cannot be met, a
    key that is none or was revoked, two keys of one name.
    """
    keys, signing = _distinct(vkeys), _distinct(signers)
    everybody = {key.vkey: key for key in (*keys, *signing)}
    publics = {key.public for key in everybody.values()}
    if not len(everybody) == len({key.name for key in everybody.values()}) == len(publics):
        raise UsageError("Two people have one name or one key.", hint="Name each person once.")
    if not 1 <= threshold <= len(keys) or len(everybody) > MAX_KEYS:
        raise UsageError(
            f"{threshold} of {len(keys)} approvers cannot sign.",
            hint=f"The threshold lies between 1 and the number of keys, {MAX_KEYS} at most.",
        )
    for key in before.revoked:
        if key.public in publics:
            raise UsageError(
                f"The key of {key.name!r} was revoked and stays so.", hint="Make a new key."
            )
    gone = [key for key in (*before.keys, *before.signers) if key.public not in publics]
    revoked = sorted({*before.revoked, *gone}, key=lambda key: key.vkey)
    return Approvers(threshold, keys, tuple(revoked), signing)


def _distinct(vkeys: Sequence[str]) -> tuple[Verifier, ...]:
    keys = [parse_vkey(vkey) for vkey in vkeys]
    if len(set(keys)) != len(keys):
        raise UsageError("Two people have one name or one key.", hint="Name each person once.")
    return tuple(sorted(keys, key=lambda key: (key.name, key.vkey)))


def _verifiers(vkeys: JsonValue) -> tuple[Verifier, ...]:
    return tuple(parse_vkey(str(vkey)) for vkey in vkeys) if isinstance(vkeys, list) else ()
