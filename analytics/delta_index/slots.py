"""A run's facets and parameters as slots, and the keys that leave one of them out.

A slot is a facet (``TRAIN_DATA``, ``PARAMS`` as a whole) or one parameter (``PARAMS/alpha``). Two
groups whose keys without a slot are equal differ in that slot alone. SEED and HARDWARE are no
slots: they may differ within a group.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.facts import RunFacts
from analytics.groups import facet_digest, facet_digests, fingerprint
from domain.canonical import canonical_bytes
from domain.facet import DEFAULT_REPLICATE_KEYS, Facet

PARAM = f"{Facet.PARAMS}/"
"""In front of a parameter's name."""
_LEFT_OUT = (Facet.HARDWARE, Facet.SEED)
_BYTES = 16


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """What the index keeps of a group; it follows from any of the group's runs."""

    project: str
    fingerprint: str
    whole: bytes
    """The key that leaves nothing out: that of groups which lack a slot, beside those that do."""
    slots: Mapping[str, tuple[bytes, bytes]]
    """Slot to (digest of its value, key without it)."""


def slot_values(facts: RunFacts) -> dict[str, bytes]:
    """Every slot that the run has, with the digest of its value; parameters one by one too."""
    found = {
        facet.value: _digest(value.digest)
        for facet, value in facet_digests(facts, DEFAULT_REPLICATE_KEYS).items()
        if facet not in _LEFT_OUT
    }
    for name, value in facts.params.items():
        if name not in DEFAULT_REPLICATE_KEYS:
            found[PARAM + name] = _digest(value)
    return found


def slot_value(facts: RunFacts, slot: str) -> bytes | None:
    """One of ``slot_values``; None when the run lacks the slot."""
    if slot.startswith(PARAM):
        text = facts.params.get(slot.removeprefix(PARAM))
        return None if text is None else _digest(text)
    found = facet_digest(facts, Facet(slot), DEFAULT_REPLICATE_KEYS)
    return None if found is None else _digest(found.digest)


def group_keys(facts: RunFacts) -> GroupKeys:
    """The keys of the run's group, with the default replicate keys."""
    values = slot_values(facts)
    items = {
        slot: _digest([slot, value.hex()])
        for slot, value in values.items()
        if slot != Facet.PARAMS.value
    }
    return GroupKeys(
        project=facts.project,
        fingerprint=fingerprint(facts, DEFAULT_REPLICATE_KEYS),
        whole=_key(items.values()),
        slots={
            slot: (value, _key(items[each] for each in items if not _within(each, slot)))
            for slot, value in values.items()
        },
    )


def _within(item: str, slot: str) -> bool:
    """Whether leaving ``slot`` out leaves the item out: itself, or PARAMS with each parameter."""
    return item == slot or (slot == Facet.PARAMS.value and item.startswith(PARAM))


def _key(items: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for item in sorted(items):
        digest.update(item)
    return digest.digest()[:_BYTES]


def _digest(value: str | list[str]) -> bytes:
    return hashlib.sha256(canonical_bytes(value)).digest()[:_BYTES]
