"""Which witnesses there are, and how many must have cosigned. https://c2sp.org/tlog-policy

::

    witness alice alice.example/w+1a2b3c4d+BJ… https://alice.example/witness
    witness bob   bob.example/w+5e6f7a8b+BM…   https://bob.example/witness
    group both all alice bob
    quorum both

The same file serves the ledger, which asks the witnesses at their addresses, and everybody who
demands their word.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from domain.errors import ErrorCode, UsageError
from ledger.cosignature import cosignatures
from ledger.signing import COSIGNATURE, Verifier, parse_vkey

FILE = "witnesses.policy"
MAX_NAMES = 64
NONE = "none"
_COUNT = re.compile("[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Witness:
    """One that may be asked."""

    name: str
    verifier: Verifier
    url: str
    """Its submission prefix; empty when it is only checked, not asked."""


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as one that cosigned when ``threshold`` of its members do."""

    threshold: int
    members: tuple[str, ...]


_Member: TypeAlias = "Witness | Group"


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """The witnesses and the quorum."""

    quorum: str
    """A witness, a group, or ``none``."""
    members: Mapping[str, _Member] = field(default_factory=dict[str, _Member])

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """Every witness, in the order of the file."""
        return tuple(m for m in self.members.values() if isinstance(m, Witness))

    def cosigned(self, text: str) -> list[str]:
        """The names of the witnesses whose valid cosignature the checkpoint bears."""
        found = cosignatures(text, [witness.verifier for witness in self.witnesses])
        return [witness.name for witness in self.witnesses if witness.verifier in found]

    def satisfied(self, cosigned: Collection[str]) -> bool:
        """Whether these witnesses are a quorum."""
        return self.quorum == NONE or self._holds(self.quorum, cosigned)

    def _holds(self, name: str, cosigned: Collection[str]) -> bool:
        member = self.members[name]
        if isinstance(member, Witness):
            return name in cosigned
        return sum(self._holds(m, cosigned) for m in member.members) >= member.threshold


def parse_witness_policy(text: str) -> WitnessPolicy:
    """The policy in ``text``; ``UsageError`` (CONFIG_INVALID) that names the first wrong line.

    ``log`` lines are allowed and say nothing here: the ledger's key is pinned by itself.
    """
    members: dict[str, _Member] = {}
    grouped: set[str] = set()
    quorum: str | None = None
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#") or words[0] == "log":
            continue
        if words[0] == "quorum" and len(words) == 2 and quorum is None:
            quorum = words[1] if words[1] in members or words[1] == NONE else _wrong(number)
        elif len(words) < 3 or words[1] in members or words[1] == NONE:
            _wrong(number)
        else:
            members[words[1]] = _member(words, members, grouped, number)
    if quorum is None or len(members) > MAX_NAMES:
        _wrong(0)
    return WitnessPolicy(quorum, members)


def _member(
    words: list[str], members: Mapping[str, _Member], grouped: set[str], number: int
) -> _Member:
    if words[0] == "witness" and len(words) <= 4:
        return _witness(words, members, number)
    if words[0] != "group" or len(words) < 4:
        _wrong(number)
    names = words[3:]
    if len(set(names)) < len(names) or not set(names) <= members.keys() - grouped:
        _wrong(number)
    grouped.update(names)
    counts = {"any": 1, "all": len(names)}
    count = counts.get(words[2]) or (int(words[2]) if _COUNT.fullmatch(words[2]) else 0)
    if not 1 <= count <= len(names):
        _wrong(number)
    return Group(count, tuple(names))


def _witness(words: list[str], members: Mapping[str, _Member], number: int) -> Witness:
    verifier = parse_vkey(words[2], COSIGNATURE)
    known = [m.verifier.public for m in members.values() if isinstance(m, Witness)]
    url = words[3].rstrip("/") if len(words) == 4 else ""
    if verifier.public in known or (url and not url.startswith(("http://", "https://"))):
        _wrong(number)
    return Witness(words[1], verifier, url)


def _wrong(number: int) -> NoReturn:
    where = f"line {number} is wrong" if number else "it needs one quorum line, and few names"
    raise UsageError(
        f"The witness policy cannot be used: {where}.",
        code=ErrorCode.CONFIG_INVALID,
        hint="See https://c2sp.org/tlog-policy: witness NAME VKEY [URL], group NAME N MEMBERS, "
        "quorum NAME.",
    )
