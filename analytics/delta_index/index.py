"""What is asked of the delta index: which groups differ in one slot alone.

Answers are in a stated order and a function of the ledger's prefix and ``as_of``. Groups are those
of the default replicate keys, and hold finished runs that are not deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import orjson

from analytics.delta_index.slots import PARAM
from analytics.delta_index.sqlite import DeltaIndexFile
from domain.facet import Facet

EVALUATION: Final = (Facet.EVAL_CODE, Facet.EVAL_DATA, Facet.METRIC_DEF)
"""Slots whose difference makes two groups incomparable."""

_VISIBLE: Final = "m.seq < :as_of AND (m.until IS NULL OR m.until >= :as_of)"

_CLASSES: Final = f"""
    WITH one AS (SELECT rest, value, run_group FROM slot WHERE project = :project AND slot = :slot),
    found(rest, value, run_group) AS (
        SELECT * FROM one
        UNION ALL
        SELECT g.whole, x'', g.id FROM run_group g
        WHERE g.project = :project AND g.whole IN (SELECT rest FROM one)
          AND NOT EXISTS (SELECT 1 FROM slot s WHERE s.run_group = g.id AND s.slot = :slot)),
    several AS (SELECT rest FROM found GROUP BY rest HAVING count(DISTINCT value) > 1)
    SELECT f.rest, f.value, g.fingerprint, (
        SELECT json_group_object(m.run, m.first) FROM member m
        WHERE m.run_group = f.run_group AND {_VISIBLE})
    FROM several CROSS JOIN found AS f ON f.rest = several.rest
    JOIN run_group g ON g.id = f.run_group
"""
"""A row for each group, its runs as one JSON object: a row for each run would cost most."""

_SIDES: Final = """
    SELECT rest, run_group FROM slot WHERE project = :project AND slot = :slot AND value = :{side}
"""
_SIDE_WITHOUT: Final = """
    SELECT g.whole AS rest, g.id AS run_group FROM run_group g WHERE g.project = :project
    AND NOT EXISTS (SELECT 1 FROM slot s WHERE s.run_group = g.id AND s.slot = :slot)
"""
_MEMBERS: Final = f"""
    SELECT g.fingerprint, m.first, m.run FROM member m JOIN run_group g ON g.id = m.run_group
    WHERE m.run_group IN (SELECT value FROM json_each(:groups)) AND {_VISIBLE}
"""
_NEIGHBOURS: Final = f"""
    WITH own AS (
        SELECT m.run_group AS id, g.project, g.whole FROM member m
        JOIN run_group g ON g.id = m.run_group
        WHERE m.run = :run AND g.project = :project AND {_VISIBLE}),
    near(slot, run_group) AS (
        SELECT t.slot, o.run_group FROM own JOIN slot t ON t.run_group = own.id
        JOIN slot o ON o.project = t.project AND o.slot = t.slot AND o.rest = t.rest
        WHERE o.run_group <> own.id
        UNION
        SELECT t.slot, g.id FROM own JOIN slot t ON t.run_group = own.id
        JOIN run_group g ON g.whole = t.rest WHERE g.project = own.project AND g.id <> own.id
        UNION
        SELECT o.slot, o.run_group FROM own JOIN slot o ON o.rest = own.whole
        WHERE o.project = own.project AND o.run_group <> own.id)
    SELECT n.slot, g.fingerprint, m.first, m.run FROM near n
    JOIN run_group g ON g.id = n.run_group JOIN member m ON m.run_group = n.run_group
    WHERE {_VISIBLE}
"""


@dataclass(frozen=True, slots=True)
class Group:
    """A run group as it stood at the asked position."""

    fingerprint: str
    run_ids: tuple[str, ...]
    """By (first leaf, id)."""
    first: int
    """First leaf of its first run."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A group that differs from another in one slot alone."""

    slot: str
    group: Group


class DeltaIndex:
    """Questions to a ``DeltaIndexFile``. Thread-safe."""

    def __init__(self, file: DeltaIndexFile) -> None:
        self.file = file

    def classes(self, project: str, slot: str, *, as_of: int | None) -> list[tuple[Group, ...]]:
        """Sets of groups that differ in ``slot`` alone, each with two values or more.

        Groups by first leaf, sets by their first group. A group without the slot counts as a value.
        """
        known = self.file.remembered(
            (project, slot), as_of, lambda: self._classes(project, slot, as_of)
        )
        return list(known)

    def _classes(self, project: str, slot: str, as_of: int | None) -> list[tuple[Group, ...]]:
        parameters = {"project": project, "slot": slot, "as_of": as_of}
        classes: dict[bytes, list[tuple[bytes, Group]]] = {}
        for row in self.file.rows(_CLASSES, parameters):
            rest, value, fingerprint, members = cast("tuple[bytes, bytes, str, str]", row)
            runs = cast("dict[str, int]", orjson.loads(members))
            if runs:
                classes.setdefault(rest, []).append((value, _group(fingerprint, runs)))
        found = [
            _ordered(group for _, group in members)
            for members in classes.values()
            if len({value for value, _ in members}) > 1
        ]
        return sorted(found, key=lambda groups: (groups[0].first, groups[0].fingerprint))

    def pairs(
        self,
        project: str,
        slot: str,
        before: bytes | None,
        after: bytes | None,
        *,
        as_of: int | None,
    ) -> list[tuple[Group, Group]]:
        """Groups that differ in ``slot`` alone, from ``before`` to ``after``; None for without it.

        The pair whose smaller side has most runs comes first, then the earliest.
        """
        parameters: dict[str, object] = {"project": project, "slot": slot}
        sides: list[str] = []
        for side, value in (("before", before), ("after", after)):
            sides.append(_SIDE_WITHOUT if value is None else _SIDES.format(side=side))
            if value is not None:
                parameters[side] = value
        sql = "SELECT a.run_group, b.run_group FROM ({}) a JOIN ({}) b ON a.rest = b.rest"
        ids = [cast("tuple[int, int]", r) for r in self.file.rows(sql.format(*sides), parameters)]
        groups = self._groups({each for pair in ids for each in pair}, as_of)
        found = [(groups[a], groups[b]) for a, b in ids if a in groups and b in groups]
        return sorted(found, key=_most_runs_first)

    def neighbours(self, project: str, run_id: str, *, as_of: int | None) -> list[Neighbour]:
        """The comparable groups that differ from the run's in one slot alone.

        What differs in parameters as a whole, though not in one of them alone, comes after the
        others; within that the group with most runs first, then the earliest.
        """
        parameters = {"project": project, "run": run_id, "as_of": as_of}
        slots: dict[str, list[tuple[str, int, str]]] = {}
        for row in self.file.rows(_NEIGHBOURS, parameters):
            slot, fingerprint, first, run = cast("tuple[str, str, int, str]", row)
            if slot not in EVALUATION:
                slots.setdefault(slot, []).append((fingerprint, first, run))
        found = [Neighbour(slot, group) for slot in slots for group in _groups(slots[slot])]
        alone = {each.group.fingerprint for each in found if each.slot.startswith(PARAM)}
        return sorted(
            (
                each
                for each in found
                if each.slot != Facet.PARAMS.value or each.group.fingerprint not in alone
            ),
            key=lambda each: (
                each.slot == Facet.PARAMS.value,
                -len(each.group.run_ids),
                each.group.first,
                each.group.fingerprint,
            ),
        )

    def _groups(self, ids: set[int], as_of: int | None) -> dict[int, Group]:
        listed = sorted(ids)
        prints = {
            cast("str", fingerprint): cast("int", group)
            for group, fingerprint in self.file.rows(
                "SELECT id, fingerprint FROM run_group"
                " WHERE id IN (SELECT value FROM json_each(:groups))",
                {"groups": str(listed)},
            )
        }
        rows = self.file.rows(_MEMBERS, {"groups": str(listed), "as_of": as_of})
        members = _groups(cast("tuple[str, int, str]", row) for row in rows)
        return {prints[group.fingerprint]: group for group in members}


def _groups(rows: Iterable[tuple[str, int, str]]) -> tuple[Group, ...]:
    """Groups out of (fingerprint, first leaf, run id), by first leaf."""
    members: dict[str, dict[str, int]] = {}
    for fingerprint, first, run in rows:
        members.setdefault(fingerprint, {})[run] = first
    return _ordered(_group(fingerprint, runs) for fingerprint, runs in members.items())


def _group(fingerprint: str, runs: Mapping[str, int]) -> Group:
    """A group out of its runs' first leaves."""
    ordered = sorted(zip(runs.values(), runs, strict=True))
    return Group(fingerprint, tuple([run for _, run in ordered]), ordered[0][0])


def _ordered(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(sorted(groups, key=lambda group: (group.first, group.fingerprint)))


def _most_runs_first(pair: Sequence[Group]) -> tuple[int, int, int, str, str]:
    before, after = pair
    return (
        -min(len(before.run_ids), len(after.run_ids)),
        before.first,
        after.first,
        before.fingerprint,
        after.fingerprint,
    )
