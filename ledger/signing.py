"""Ed25519 keys and signed notes. https://c2sp.org/signed-note. Importer of cryptography.

A verifier key ("vkey") is ``<name>+<key id>+base64(algorithm || public key)``. The algorithm byte
says what a key signs: notes of its own (0x01), or cosignatures of other logs' checkpoints (0x04).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import ErrorCode, UsageError
from ledger import note
from ledger.note import NAME, bad_note, decode_base64, encode_base64

ED25519 = b"\x01"
COSIGNATURE = b"\x04"
"""https://c2sp.org/tlog-cosignature: Ed25519 over a time and a checkpoint."""
_PRIVATE_PREFIX = "PRIVATE+KEY+"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key that we trust under a name."""

    name: str
    public: bytes
    """32 bytes, RFC 8032."""
    algorithm: bytes = ED25519

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || algorithm || public key)[:4]."""
        return note.key_id(self.name, self.algorithm + self.public)

    @property
    def vkey(self) -> str:
        """The key as text."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self.algorithm + self.public)}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key with its name."""

    def __init__(self, name: str, seed: bytes, algorithm: bytes = ED25519) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw(), algorithm)

    @property
    def key_file(self) -> str:
        """The key file's text, one line in the form of Go's ``note.GenerateKey``. Never log it."""
        name, key_id = self.verifier.name, self.verifier.key_id.hex()
        return (
            f"{_PRIVATE_PREFIX}{name}+{key_id}+"
            f"{encode_base64(self.verifier.algorithm + self._seed)}\n"
        )

    def sign(self, message: bytes) -> bytes:
        """The signature of a message, 64 bytes."""
        return self._key.sign(message)

    def sign_note(self, body: str) -> str:
        """``body`` (ends in a newline) as a signed note."""
        return f"{body}\n{self.signature_line(body)}"

    def signature_line(self, body: str) -> str:
        """The line that signs ``body``, to stand beside others."""
        signature = self.sign(body.encode())
        return note.signature_line(self.verifier.name, self.verifier.key_id, signature)


def generate_signer(name: str, algorithm: bytes = ED25519) -> Signer:
    """A new key; a name without spaces and plus signs, else ``UsageError`` (CONFIG_INVALID)."""
    if not NAME.fullmatch(name):
        raise _bad_key("its name must not be empty nor hold a space or a plus sign")
    return Signer(name, Ed25519PrivateKey.generate().private_bytes_raw(), algorithm)


def parse_signer(text: str, algorithm: bytes = ED25519) -> Signer:
    """The key in a key file; ``UsageError`` (CONFIG_INVALID) when it is not one."""
    if not text.startswith(_PRIVATE_PREFIX):
        raise _bad_key("the key file does not hold a private key")
    name, key_id, seed = _parse_key(text.removeprefix(_PRIVATE_PREFIX), algorithm)
    signer = Signer(name, seed, algorithm)
    if signer.verifier.key_id != key_id:
        raise _bad_key("its id does not belong to its name and bytes")
    return signer


def parse_vkey(text: str, algorithm: bytes = ED25519) -> Verifier:
    """The verifier key in ``text``; ``UsageError`` (CONFIG_INVALID) when it is not one."""
    name, key_id, public = _parse_key(text, algorithm)
    verifier = Verifier(name, public, algorithm)
    if verifier.key_id != key_id:
        raise _bad_key("its id does not belong to its name and bytes")
    return verifier


def open_note(text: str, verifiers: Sequence[Verifier]) -> str:
    """The body of a note that at least one of ``verifiers`` signed.

    Unknown signatures are ignored. ``IntegrityError`` (CHECKPOINT_INVALID) when the note is
    malformed, a known key's signature is wrong, or no known key signed.
    """
    body, lines = note.split_note(text)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified = False
    for line in lines:
        name, signature = note.parse_signature(line)
        verifier = known.get((name, signature[:4]))
        if verifier is None:
            continue
        if not verifier.verifies(body.encode(), signature[4:]):
            raise bad_note(f"the signature of {name} is wrong")
        verified = True
    if not verified:
        raise bad_note("no trusted key signed it")
    return body


def _parse_key(text: str, algorithm: bytes) -> tuple[str, bytes, bytes]:
    parts = text.strip().split("+", 2)
    if len(parts) != 3 or not NAME.fullmatch(parts[0]):
        raise _bad_key("it must read <name>+<id>+<base64>")
    key = decode_base64(parts[2])
    if not re.fullmatch("[0-9a-f]{8}", parts[1]) or key is None:
        raise _bad_key("it must read <name>+<id>+<base64>")
    if key[:1] not in (ED25519, COSIGNATURE) or len(key) != 33:
        raise _bad_key("only Ed25519 keys are supported")
    if key[:1] != algorithm:
        kinds = {ED25519: "a log", COSIGNATURE: "a witness"}
        raise _bad_key(f"it is the key of {kinds[key[:1]]}, not of {kinds[algorithm]}")
    return parts[0], bytes.fromhex(parts[1]), key[1:]


def _bad_key(why: str) -> UsageError:
    return UsageError(
        f"The key cannot be used: {why}.",
        code=ErrorCode.CONFIG_INVALID,
        hint="A verifier key stands in ledger.toml, on the line that starts with vkey.",
    )
