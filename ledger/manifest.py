"""``ledger.toml``: the format version, the log's origin and the keys that may sign it."""

import tomllib
from dataclasses import dataclass

from domain.errors import ErrorCode, UsageError
from ledger.signing import Verifier, parse_vkey

FORMAT = 1


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A verifier key and the checkpoint sizes that it may sign: from ``from_size`` on."""

    verifier: Verifier
    from_size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a reader must know of a log before it can trust a byte of it."""

    origin: str
    keys: tuple[KeyRange, ...]

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """Every key, oldest first."""
        return tuple(key.verifier for key in self.keys)

    def text(self) -> str:
        """The file's one form."""
        lines = [f"format = {FORMAT}", f'origin = "{self.origin}"']
        for key in self.keys:
            lines += ["", "[[keys]]", f'vkey = "{key.verifier.vkey}"']
            lines.append(f"from_size = {key.from_size}")
        return "\n".join(lines) + "\n"


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in ``data``; ``UsageError`` (CONFIG_INVALID) unless it is in its one form."""
    try:
        table = tomllib.loads(data.decode())
        keys = tuple(
            KeyRange(parse_vkey(key["vkey"]), int(key["from_size"])) for key in table["keys"]
        )
        manifest = Manifest(str(table["origin"]), keys)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, LookupError, TypeError) as error:
        raise _invalid(str(error)) from error
    if manifest.text().encode() != data:
        raise _invalid("it was changed")
    return manifest


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"ledger.toml cannot be used: {why}.",
        code=ErrorCode.CONFIG_INVALID,
        hint="Restore it from a backup; it names the keys that sign this ledger.",
    )
