"""Exact decimal text for thresholds, and limits with a unit (``2GiB``) in the metric's own unit."""

import re
from decimal import Context, Decimal
from fractions import Fraction

from governance.located import Place, policy_error

_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_QUANTITY = re.compile(r"([+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?) ?([A-Za-z]*)")
_EXACT = Context(prec=160)

_UNITS: dict[str, tuple[str, Fraction]] = {
    "B": ("data", Fraction(1)),
    "By": ("data", Fraction(1)),
    **{
        f"{prefix}{byte}": ("data", Fraction(factor))
        for byte in ("B", "By")
        for prefix, factor in (
            ("k", 10**3),
            ("M", 10**6),
            ("G", 10**9),
            ("T", 10**12),
            ("Ki", 2**10),
            ("Mi", 2**20),
            ("Gi", 2**30),
            ("Ti", 2**40),
        )
    },
    "ns": ("time", Fraction(1, 10**9)),
    "us": ("time", Fraction(1, 10**6)),
    "ms": ("time", Fraction(1, 10**3)),
    "s": ("time", Fraction(1)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86400)),
}
"""Suffix (UCUM, and B for byte) to what it measures and how many bytes or seconds it is."""


def normal_decimal(text: str, place: Place) -> str:
    """``text`` without sign, zeros or point that say nothing: ``0.050`` is ``0.05``.

    Raises ``UsageError`` (POLICY_INVALID) unless it is a plain decimal of at most 30 + 30 digits.
    """
    if not _DECIMAL.fullmatch(text):
        raise policy_error(
            place,
            f"{text[:60]!r} is not a plain decimal number",
            'Write it out, such as "0.005".',
        )
    return _plain(Decimal(text))


def limit_in(text: str, unit: str, place: Place) -> str:
    """The limit ``text`` (``2GiB``, ``1.5 s``, ``0.9``) as decimal text in ``unit`` (UCUM).

    A limit without a suffix is in the metric's unit. Raises ``UsageError`` (POLICY_INVALID) when
    the suffix is unknown, measures something else than ``unit``, or does not convert exactly.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise policy_error(
            place,
            f"{text[:60]!r} is not a limit",
            'Write a plain decimal with or without a unit, such as "0.9" or 2GiB.',
        )
    number, suffix = match.groups()
    if not suffix or suffix == unit:
        return normal_decimal(number, place)
    return _converted(number, suffix, unit, place)


def is_quantity(unit: str) -> bool:
    """Whether ``unit`` measures bytes or time, of which there is never less than none."""
    return unit in _UNITS


def _converted(number: str, suffix: str, unit: str, place: Place) -> str:
    if suffix not in _UNITS:
        raise policy_error(
            place, f"the unit {suffix!r} is not known", f"Known units: {', '.join(sorted(_UNITS))}."
        )
    kind, factor = _UNITS[suffix]
    own_kind, own_factor = _UNITS.get(unit, ("", Fraction(1)))
    if kind != own_kind:
        raise policy_error(
            place,
            f"a limit in {suffix} on a metric whose unit is {unit or 'not declared'}",
            f"Declare the metric's unit, such as `unit: {'By' if kind == 'data' else 's'}`.",
        )
    value = Fraction(number) * factor / own_factor
    exact = _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    if Fraction(exact) != value:
        raise policy_error(
            place, f"{number}{suffix} is no exact decimal in {unit}", f"Write the limit in {unit}."
        )
    return _plain(exact)


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    sign = "-" if text.startswith("-") else ""
    digits = text.lstrip("+-").lstrip("0")
    if digits.startswith(".") or not digits:
        digits = "0" + digits
    return digits if digits == "0" else sign + digits
