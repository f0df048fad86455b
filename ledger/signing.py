"""Ed25519 keys and signed notes. https://c2sp.org/signed-note. The only importer of cryptography.

A note is text that ends in a newline, an empty line, and signature lines
``— <name> base64(key id || signature)``. A verifier key ("vkey") is
``<name>+<key id>+base64(0x01 || public key)``.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import ErrorCode, IntegrityError, UsageError

ED25519 = b"\x01"
MAX_SIGNATURES = 64
_PRIVATE_PREFIX = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that we trust under a name."""

    name: str
    public: bytes
    """32 bytes, RFC 8032."""

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || 0x01 || public key)[:4]."""
        data = self.name.encode() + b"\n" + ED25519 + self.public
        return hashlib.sha256(data).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.public)}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key with its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @property
    def key_file(self) -> str:
        """The key file's text, one line in the form of Go's ``note.GenerateKey``. Never log it."""
        name, key_id = self.verifier.name, self.verifier.key_id.hex()
        return f"{_PRIVATE_PREFIX}{name}+{key_id}+{_base64(ED25519 + self._seed)}\n"

    def sign_note(self, body: str) -> str:
        """``body`` (ends in a newline) as a signed note."""
        signature = self.verifier.key_id + self._key.sign(body.encode())
        return f"{body}\n— {self.verifier.name} {_base64(signature)}\n"


def generate_signer(name: str) -> Signer:
    """A new key; a name without spaces and plus signs, else ``UsageError`` (CONFIG_INVALID)."""
    if not _NAME.fullmatch(name):
        raise _bad_key("its name must not be empty nor hold a space or a plus sign")
    return Signer(name, Ed25519PrivateKey.generate().private_bytes_raw())


def parse_signer(text: str) -> Signer:
    """The key in a key file; ``UsageError`` (CONFIG_INVALID) when it is not one."""
    if not text.startswith(_PRIVATE_PREFIX):
        raise _bad_key("the key file does not hold a private key")
    name, key_id, seed = _parse_key(text.removeprefix(_PRIVATE_PREFIX))
    signer = Signer(name, seed)
    if signer.verifier.key_id != key_id:
        raise _bad_key("its id does not belong to its name and bytes")
    return signer


def parse_vkey(text: str) -> Verifier:
    """The verifier key in ``text``; ``UsageError`` (CONFIG_INVALID) when it is not one."""
    name, key_id, public = _parse_key(text)
    verifier = Verifier(name, public)
    if verifier.key_id != key_id:
        raise _bad_key("its id does not belong to its name and bytes")
    return verifier


def open_note(text: str, verifiers: Sequence[Verifier]) -> str:
    """The body of a note that at least one of ``verifiers`` signed.

    Unknown signatures are ignored. ``IntegrityError`` (CHECKPOINT_INVALID) when the note is
    malformed, a known key's signature is wrong, or no known key signed.
    """
    body, lines = _split_note(text)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified = False
    for line in lines:
        name, signature = _parse_signature(line)
        verifier = known.get((name, signature[:4]))
        if verifier is None:
            continue
        if not verifier.verifies(body.encode(), signature[4:]):
            raise _bad_note(f"the signature of {name} is wrong")
        verified = True
    if not verified:
        raise _bad_note("no trusted key signed it")
    return body


def _split_note(text: str) -> tuple[str, list[str]]:
    body, separator, signatures = text.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise _bad_note("it is not a signed note")
    if any(character < " " and character != "\n" for character in text):
        raise _bad_note("it holds control characters")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _bad_note("it has too many signatures")
    return body + "\n", lines


def _parse_signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not _NAME.fullmatch(parts[1]):
        raise _bad_note("a signature line is malformed")
    signature = decode_base64(parts[2])
    if signature is None or len(signature) < 5:
        raise _bad_note("a signature line is malformed")
    return parts[1], signature


def _parse_key(text: str) -> tuple[str, bytes, bytes]:
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
        raise _bad_key("it must read <name>+<id>+<base64>")
    key = decode_base64(parts[2])
    if not re.fullmatch("[0-9a-f]{8}", parts[1]) or key is None:
        raise _bad_key("it must read <name>+<id>+<base64>")
    if key[:1] != ED25519 or len(key) != 33:
        raise _bad_key("only Ed25519 keys are supported")
    return parts[0], bytes.fromhex(parts[1]), key[1:]


def decode_base64(text: str) -> bytes | None:
    """The bytes of standard base64 in its one canonical spelling, None otherwise."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _base64(data) == text else None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bad_key(why: str) -> UsageError:
    return UsageError(
        f"The key cannot be used: {why}.",
        code=ErrorCode.CONFIG_INVALID,
        hint="A verifier key stands in ledger.toml, on the line that starts with vkey.",
    )


def _bad_note(why: str) -> IntegrityError:
    return IntegrityError(
        f"The checkpoint cannot be trusted: {why}.",
        code=ErrorCode.CHECKPOINT_INVALID,
        hint="Do not use this ledger before you know who changed it.",
    )
