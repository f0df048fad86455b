"""The text form of signed notes and keys, without any cryptography. https://c2sp.org/signed-note

A note is text that ends in a newline, an empty line, and signature lines
``— <name> base64(key id || signature)``. Apart from ``signing`` so that a reader that only compares
tree heads starts fast.
"""

import base64
import binascii
import hashlib
import re

from domain.errors import ErrorCode, IntegrityError

MAX_SIGNATURES = 64
NAME = re.compile(r"[^\s+]+")
"""What a key may be called: no spaces, no plus signs."""


def split_note(text: str) -> tuple[str, list[str]]:
    """The body of a note and its signature lines; ``IntegrityError`` when it is malformed."""
    body, separator, signatures = text.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise bad_note("it is not a signed note")
    if any(character < " " and character != "\n" for character in text):
        raise bad_note("it holds control characters")
    lines = signatures[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise bad_note("it has too many signatures")
    return body + "\n", lines


def parse_signature(line: str) -> tuple[str, bytes]:
    """Of a signature line: the name, and key id and signature as bytes; as ``split_note``."""
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not NAME.fullmatch(parts[1]):
        raise bad_note("a signature line is malformed")
    signature = decode_base64(parts[2])
    if signature is None or len(signature) < 5:
        raise bad_note("a signature line is malformed")
    return parts[1], signature


def signature_line(name: str, key_id: bytes, signature: bytes) -> str:
    """One signature line, with its newline."""
    return f"— {name} {encode_base64(key_id + signature)}\n"


def key_id(name: str, material: bytes) -> bytes:
    """SHA-256(name || 0x0A || material)[:4]; the material begins with the algorithm's byte."""
    return hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]


def decode_base64(text: str) -> bytes | None:
    """The bytes of standard base64 in its one canonical spelling, None otherwise."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if encode_base64(data) == text else None


def encode_base64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def bad_note(why: str) -> IntegrityError:
    """The error for a checkpoint that cannot be trusted."""
    return IntegrityError(
        f"The checkpoint cannot be trusted: {why}.",
        code=ErrorCode.CHECKPOINT_INVALID,
        hint="Do not use this ledger before you know who changed it.",
    )
