"""May these runs be compared at all? Looks only at what must not differ."""

from dataclasses import dataclass
from enum import StrEnum

from domain.facet import Facet, Strength


class Level(StrEnum):
    """From proven equal to proven different. CONFLICT: one weak identity, two contents."""

    VERIFIED = "VERIFIED"
    ASSUMED = "ASSUMED"
    UNKNOWN = "UNKNOWN"
    CONFLICT = "CONFLICT"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Check:
    """One facet of the two sides held against each other, with the reason in words."""

    facet: Facet
    level: Level
    strength: Strength
    """How strongly the answer is known: the weaker side's."""
    baseline: tuple[str, ...]
    """The distinct digests on that side, ordered; empty when not recorded."""
    candidate: tuple[str, ...]
    reason: str
    hint: str
    """When the level is UNKNOWN: the one line that would record the missing facet."""


@dataclass(frozen=True, slots=True)
class Comparability:
    """The worst level over ``checks``."""

    level: Level
    checks: tuple[Check, ...]
