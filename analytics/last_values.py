"""The last value of one metric in every run that logged it, in order: what searches read."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import merge
from typing import Final, Self

from graph.filter import MetricCondition
from graph.port import Operator


class Ranking:
    """Runs by value, then by id; those whose value is NaN apart. Never changes."""

    def __init__(
        self,
        ranked: Sequence[tuple[float, str]] = (),
        nan: Sequence[str] = (),
        by_seq: Sequence[tuple[int, str]] = (),
    ) -> None:
        """``ranked`` by (value, run id), ``nan`` by id, ``by_seq`` every run by its last entry."""
        self.values = [value for value, _ in ranked]
        self.runs = [run for _, run in ranked]
        self.nan = nan
        self.by_run: Mapping[str, float] = {run: value for value, run in ranked} | dict.fromkeys(
            nan, float("nan")
        )
        self._seqs = [seq for seq, _ in by_seq]
        self._by_seq = [run for _, run in by_seq]

    def __len__(self) -> int:
        return len(self.by_run)

    def since(self, seq: int) -> Sequence[str]:
        """The runs whose series the entry ``seq`` or a later one added to."""
        return self._by_seq[bisect_left(self._seqs, seq) :]


class LastValues:
    """A ranking and the runs that have another value by now, or none (None). Never changes."""

    def __init__(self, ranking: Ranking, changed: Mapping[str, float | None]) -> None:
        self._ranking = ranking
        self._changed = changed

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Self:
        """Of values by run id."""
        return cls(Ranking(), values)

    def get(self, run_id: str) -> float | None:
        """The run's last value; None when it never logged the metric."""
        if run_id in self._changed:
            return self._changed[run_id]
        return self._ranking.by_run.get(run_id)

    def matching(self, condition: MetricCondition, *, limit: int) -> list[str] | None:
        """The runs whose value satisfies ``condition``, unordered; None when more than ``limit``.

        Takes time in proportion to the answer, for ``!=`` to the number of runs up to ``limit``.
        """
        slices = _SLICES.get(condition.operator)
        if condition.operator is Operator.IS_NULL:
            return None
        if slices is None:
            if len(self._ranking) > limit:
                return None
            found = [run for run, one in self._ranking.by_run.items() if condition.holds(one)]
        else:
            start, end = slices(self._ranking.values, condition.value)
            if end - start > limit + len(self._changed):
                return None
            found = list(self._ranking.runs[start:end])
        kept = [run for run in found if run not in self._changed]
        kept += [run for run, value in self._changed.items() if condition.holds(value)]
        return kept if len(kept) <= limit else None

    def ranked(self, *, descending: bool) -> Iterator[tuple[float, str]]:
        """(value, run id) of every run whose value is a number, by value."""
        values, runs = self._ranking.values, self._ranking.runs
        places = range(len(runs))
        order = reversed(places) if descending else places
        stay = ((values[at], runs[at]) for at in order if runs[at] not in self._changed)
        present = ((value, run) for run, value in self._changed.items() if value is not None)
        changed = sorted((pair for pair in present if pair[0] == pair[0]), reverse=descending)
        return merge(stay, changed, reverse=descending)

    def not_a_number(self) -> list[str]:
        """The runs whose value is NaN, by id."""
        changed = self._changed.items()
        late = [run for run, value in changed if value is not None and value != value]
        return sorted([*late, *(run for run in self._ranking.nan if run not in self._changed)])


def _equal(values: Sequence[float], value: float) -> tuple[int, int]:
    return bisect_left(values, value), bisect_right(values, value)


_SLICES: Final[Mapping[Operator, Callable[[Sequence[float], float], tuple[int, int]]]] = {
    Operator.EQ: _equal,
    Operator.LT: lambda values, value: (0, bisect_left(values, value)),
    Operator.LE: lambda values, value: (0, bisect_right(values, value)),
    Operator.GT: lambda values, value: (bisect_right(values, value), len(values)),
    Operator.GE: lambda values, value: (bisect_left(values, value), len(values)),
}
"""Where the values that satisfy a comparison stand among the ordered ones: from, to before."""
