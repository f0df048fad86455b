"""Answers of two servers made comparable: ids by the order in which they appear, times by name."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mlflow.entities._mlflow_object import _MlflowObject
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList
from requests import HTTPError

_HEX = re.compile(r"[0-9a-f]{32}")
_A_YEAR_AGO = 1_600_000_000_000
"""Milliseconds; the calls themselves give small times only, so larger ones are the clock's."""


class Answers:
    """What one server answered, with its own ids and times taken out."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def of_call(self, call: Callable[[], Any]) -> Any:
        """The result of ``call``, or its error as (code, status)."""
        try:
            return self.plain(call())
        except MlflowException as error:
            return "error", error.error_code, error.get_http_status_code()
        except HTTPError as error:
            return "error", error.response.status_code

    def plain(self, value: Any, key: str = "") -> Any:
        """``value`` in dictionaries, lists and plain values, without ids and times."""
        if isinstance(value, PagedList):
            return [self.plain(one, key) for one in value], bool(value.token)
        if isinstance(value, _MlflowObject):
            return self.plain(dict(value))
        if isinstance(value, Mapping):
            # First, since other members are made of it.
            self.plain(value.get("experiment_id"), "experiment_id")
            return {name: self.plain(one, str(name)) for name, one in sorted(value.items())}
        if isinstance(value, float) and value != value:
            return "NaN"
        if isinstance(value, list | tuple | set):
            found = [self.plain(one, key) for one in value]
            return sorted(found, key=repr) if key in _UNORDERED else found
        if isinstance(value, bool | float) or value is None:
            return value
        if isinstance(value, int):
            return "<time>" if value > _A_YEAR_AGO else value
        return self._text(str(value), key)

    def _text(self, text: str, key: str) -> str:
        if key in ("page_token", "next_page_token"):
            return "<token>"
        if key == "experiment_id" and text != "0":
            self._names.setdefault(text, f"<experiment {len(self._names)}>")
        if key == "experiment_id":
            return self._names.get(text, text)
        for known, name in self._names.items():
            text = text.replace(f"/{known}/", f"/{name}/")
            if text.endswith(f"/{known}"):
                text = text.removesuffix(known) + name
        return _HEX.sub(self._named, text)

    def _named(self, found: re.Match[str]) -> str:
        return self._names.setdefault(found[0], f"<id {len(self._names)}>")


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Where two plain answers differ, one line each."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            line
            for name in sorted(ours.keys() | theirs.keys())
            for line in differences(ours.get(name), theirs.get(name), f"{where}.{name}")
        ]
    lists = isinstance(ours, list | tuple) and isinstance(theirs, list | tuple)
    if lists and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for at, (a, b) in pairs for line in differences(a, b, f"{where}[{at}]")]
    return [] if ours == theirs else [f"{where}: ours {ours!r}, theirs {theirs!r}"]


_UNORDERED = frozenset({"aliases", "metrics", "params", "tags"})
"""Lists that neither server promises an order for."""
