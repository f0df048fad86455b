"""Nested parameters and metrics as flat ones: ``train: {lr: 0.1}`` is ``train.lr``."""

import json
import math
from collections.abc import Iterator
from typing import cast

from domain.metric import decimal_text


def texts(value: object) -> dict[str, str]:
    """Every scalar as text, every list as JSON."""
    return {path: _text(leaf) for path, leaf in _leaves(value, "")}


def numbers(value: object) -> dict[str, str]:
    """Every number as decimal text; what is none is left out."""
    return {
        path: decimal_text(float(leaf))
        for path, leaf in _leaves(value, "")
        if isinstance(leaf, int | float) and not isinstance(leaf, bool) and _is_double(leaf)
    }


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, value


def _text(leaf: object) -> str:
    if isinstance(leaf, str):
        return leaf
    if isinstance(leaf, bool) or leaf is None:
        return json.dumps(leaf)
    if isinstance(leaf, int | float):
        return repr(leaf)
    return json.dumps(leaf, sort_keys=True, default=str)


def _is_double(number: float) -> bool:
    try:
        return not math.isinf(float(number))
    except OverflowError:
        return False
