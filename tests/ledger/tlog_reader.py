"""A tlog-tiles reader written from the C2SP texts alone: it imports nothing of Lineproof.

It checks the checkpoint's signature, every tile, and every entry of a full log on disk.
"""

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def read_log(root: Path, vkey: str) -> list[bytes]:
    """The entries of the log; ``AssertionError`` when anything does not hold."""
    size, root_hash = read_checkpoint((root / "checkpoint").read_text("utf-8"), vkey)
    entries = read_entries(root, size)
    assert mth([leaf(entry) for entry in entries]) == root_hash, "root"
    hashes, level = [leaf(entry) for entry in entries], 0
    while hashes:
        for n in range(0, len(hashes), 256):
            want = hashes[n : n + 256]
            tile = (root / resource(str(level), n // 256, len(want))).read_bytes()
            assert tile == b"".join(want), f"tile {level} {n}"
        whole = len(hashes) // 256
        hashes = [mth(hashes[256 * i : 256 * (i + 1)]) for i in range(whole)]
        level += 1
    return entries


def read_checkpoint(note: str, vkey: str) -> tuple[int, bytes]:
    """(size, root) of a checkpoint signed by ``vkey``, whose name is the origin."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    name, key_id, key = vkey.split("+", 2)
    key_bytes = base64.b64decode(key, validate=True)
    assert key_bytes[0] == 1
    want_id = hashlib.sha256(name.encode() + b"\n" + key_bytes).digest()[:4]
    assert want_id.hex() == key_id
    line = next(s for s in signatures.split("\n") if s.startswith(f"\u2014 {name} "))
    signature = base64.b64decode(line.split(" ")[2], validate=True)
    assert signature[:4] == want_id
    Ed25519PublicKey.from_public_bytes(key_bytes[1:]).verify(signature[4:], text.encode())
    origin, size, root_hash, end = text.split("\n")
    assert (origin, end) == (name, "")
    assert size == str(int(size))
    return int(size), base64.b64decode(root_hash, validate=True)


def read_entries(root: Path, size: int) -> list[bytes]:
    entries: list[bytes] = []
    for n in range(0, size, 256):
        width = min(256, size - n)
        data = (root / resource("entries", n // 256, width)).read_bytes()
        position = 0
        for _ in range(width):
            length = int.from_bytes(data[position : position + 2], "big")
            position += 2 + length
            entries.append(data[position - length : position])
        assert position == len(data)
    return entries


def resource(level: str, n: int, width: int) -> str:
    digits = f"{n:03d}"
    while len(digits) % 3:
        digits = "0" + digits
    parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def mth(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()
