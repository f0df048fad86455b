"""Which part of the data a metric was measured on, as the name under which it was logged tells.

``val/acc``, ``val_acc``, ``val.acc``, ``val-acc``: the split ``val`` of ``acc``. A metric that is
declared under its whole name is read as declared; another takes over the declaration of what it is
a split of.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from analytics.criterion import Criterion
from domain.metric import MetricDefinition, Reducer

SPLITS: Final = (
    "train",
    "training",
    "val",
    "valid",
    "validation",
    "dev",
    "eval",
    "evaluation",
    "test",
    "holdout",
)
_KEY = re.compile(rf"(?P<split>{'|'.join(SPLITS)})(?:_\d+)?[/_.-](?P<metric>.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Split:
    """A logged key, taken apart."""

    split: str
    """In lower case; empty when the key tells none."""
    metric: str
    """What was measured; the whole key when it tells no split."""


def split_of(key: str) -> Split:
    """The split that a key tells, and the metric."""
    found = _KEY.fullmatch(key)
    return Split(found["split"].lower(), found["metric"]) if found else Split("", key)


def definitions_of(
    keys: Iterable[str], definitions: Mapping[str, MetricDefinition]
) -> dict[str, MetricDefinition]:
    """The definitions, and those of ``keys`` that are splits of a defined metric.

    AT_STEP is not taken over: it names a step of one series.
    """
    found = dict(definitions)
    for key in sorted(set(keys)):
        known = definitions.get(split_of(key).metric)
        if key not in definitions and known and known.reducer is not Reducer.AT_STEP:
            found[key] = replace(known, name=key)
    return found


def criteria_of_keys(
    keys: Iterable[str], criteria: Mapping[str, Criterion]
) -> dict[str, Criterion]:
    """The criteria by logged key; one that names a split goes to the key of that split."""
    found = {name: each for name, each in criteria.items() if not each.split}
    for key in sorted(set(keys)):
        split = split_of(key)
        for each in criteria.values():
            if each.split and (each.split, each.metric) == (split.split, split.metric):
                found.setdefault(key, replace(each, metric=key))
    return found
