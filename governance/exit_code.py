"""What a verdict's outcome means to a shell: the one table, for every door."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.verdict import Outcome

_CODES: Final[Mapping[Outcome, int]] = MappingProxyType(
    {
        Outcome.PASS: 0,
        Outcome.WARN: 0,
        Outcome.FAIL: 1,
        Outcome.INCONCLUSIVE: 3,
        Outcome.ERROR: 3,
    }
)


def exit_code_of(outcome: Outcome) -> int:
    """0 pass or warnings only, 1 failed, 3 cannot judge (design, section 15)."""
    return _CODES[outcome]
