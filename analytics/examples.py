"""Results example by example: a file that a run logs as ``lineproof/examples.csv`` or ``.jsonl``.

A column ``id`` names the example, every other column is a metric whose mean over the examples is
the metric's value: 1 and 0 (or true and false) for right and wrong, or a score.
"""

import csv
import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

from domain.artifact import EXAMPLES_SUFFIXES
from domain.canonical import sha256_text
from domain.errors import IntegrityError, LineproofError

MAX_EXAMPLES: Final = 100_000
MAX_BYTES: Final = 64 * 1024 * 1024
ID: Final = "id"
_KEPT: Final = 64
"""Files that are kept after they were read."""
_WORDS: Final = {"true": 1, "false": 0}


@dataclass(frozen=True, slots=True)
class ExampleResults:
    """What one file says; ``problem`` is a sentence when it cannot be used."""

    metrics: Mapping[str, Mapping[str, Fraction]] = field(
        default_factory=dict[str, Mapping[str, Fraction]]
    )
    """Metric to example to value."""
    problem: str = ""


class ExampleFiles:
    """The files of a data folder, by digest. Thread-safe."""

    def __init__(self, blobs: Path | None) -> None:
        self._blobs = blobs
        self._known: dict[tuple[str, str], ExampleResults] = {}
        self._lock = threading.Lock()

    def results(self, digest: str, suffix: str) -> ExampleResults:
        """What the file ``sha256:<hex>`` says; ``IntegrityError`` when its bytes were changed."""
        key = (digest, suffix)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._read(digest, suffix)
            with self._lock:
                if len(self._known) >= _KEPT:
                    self._known.clear()
                self._known[key] = known
        return known

    def _read(self, digest: str, suffix: str) -> ExampleResults:
        number = digest.removeprefix("sha256:")
        if self._blobs is None or suffix not in EXAMPLES_SUFFIXES or len(number) != 64:
            return ExampleResults(problem="The file of results by example cannot be read here.")
        path = self._blobs / "sha256" / number[:2] / number[2:4] / number
        if not path.is_file():
            return ExampleResults(problem="The file of results by example is missing.")
        if path.stat().st_size > MAX_BYTES:
            return ExampleResults(problem=f"The file of results is larger than {MAX_BYTES} bytes.")
        data = path.read_bytes()
        if sha256_text(data) != digest:
            raise IntegrityError(
                f"The blob {digest} was changed.",
                hint="Restore it from a backup or mirror.",
                context={"digest": digest},
            )
        return parse_examples(data, suffix)


def parse_examples(data: bytes, suffix: str) -> ExampleResults:
    """The results in a file; a file that says nothing usable has its ``problem`` told."""
    try:
        text = data.decode("utf-8-sig")
        rows = _csv(text) if suffix == ".csv" else _jsonl(text)
        return ExampleResults(_by_metric(rows))
    except (ValueError, RecursionError, csv.Error, LineproofError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else "it cannot be read"
        return ExampleResults(problem=f"The file of results by example cannot be used: {reason}")


def _csv(text: str) -> list[Mapping[str, object]]:
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)]


def _jsonl(text: str) -> list[Mapping[str, object]]:
    rows: list[Mapping[str, object]] = []
    for line in text.splitlines():
        if line.strip():
            row: object = json.loads(line, parse_float=str)
            if not isinstance(row, dict):
                raise ValueError("a line is no object")
            rows.append(cast("Mapping[str, object]", row))
    return rows


def _by_metric(rows: list[Mapping[str, object]]) -> Mapping[str, Mapping[str, Fraction]]:
    if not rows or len(rows) > MAX_EXAMPLES:
        raise ValueError(f"it has {len(rows)} examples, 1 to {MAX_EXAMPLES} can be used")
    found: dict[str, dict[str, Fraction]] = {}
    seen: set[str] = set()
    for row in rows:
        example = row.get(ID)
        if example is None or example == "":
            raise ValueError(f"an example has no {ID!r}")
        name = str(example)
        if name in seen:
            raise ValueError(f"the example {name[:40]!r} stands there twice")
        seen.add(name)
        for metric, value in row.items():
            if metric != ID:
                found.setdefault(str(metric), {})[name] = _number(value)
    for metric, values in found.items():
        if len(values) != len(seen):
            raise ValueError(f"not every example has a value of {metric[:40]!r}")
    return found


def _number(value: object) -> Fraction:
    text = str(value).strip().lower()
    return Fraction(_WORDS[text]) if text in _WORDS else Fraction(text)
