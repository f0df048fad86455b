"""Merkle tree arithmetic of RFC 9162 section 2.1 (the same tree as RFC 6962), SHA-256. Pure.

An ``Edge`` is the compact range of a tree: the roots of the perfect subtrees that cover its leaves,
largest first, one for each set bit of the size.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from domain.errors import ErrorCode, IntegrityError, UsageError

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""MTH({}): the root of the tree without leaves."""

Edge: TypeAlias = tuple[bytes, ...]
Subtree: TypeAlias = Callable[[int, int], bytes]
"""``subtree(level, index)`` = MTH(D[index * 2**level : (index + 1) * 2**level])."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def extend(size: int, edge: Sequence[bytes], leaves: Iterable[bytes]) -> tuple[int, Edge]:
    """The tree of ``size`` leaves with the leaf hashes ``leaves`` appended: its size and edge."""
    sha256 = hashlib.sha256
    stack = list(edge)
    for leaf in leaves:
        node, bits = leaf, size
        while bits & 1:
            node = sha256(b"\x01" + stack.pop() + node).digest()
            bits >>= 1
        stack.append(node)
        size += 1
    return size, tuple(stack)


def root(edge: Sequence[bytes]) -> bytes:
    """MTH of the tree with this edge."""
    if not edge:
        return EMPTY_ROOT
    node = edge[-1]
    for left in reversed(edge[:-1]):
        node = node_hash(left, node)
    return node


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The leaf hash of each entry."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root of a perfect subtree (a power of two) over ``hashes``; faster than ``extend``."""
    sha256 = hashlib.sha256
    row = list(hashes)
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return row[0]


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(index, D[size]), leaf's sibling first. RFC 9162 section 2.1.3.1."""
    if not 0 <= index < size:
        raise _usage(f"there is no entry {index} in a tree of size {size}")
    return _path(index, 0, size, subtree)


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """PROOF(old, D[new]). RFC 9162 section 2.1.4.1; empty for ``old`` 0 or equal to ``new``."""
    if not 0 <= old <= new:
        raise _usage(f"a tree of size {new} cannot extend one of size {old}")
    if old in (0, new):
        return []
    return _subproof(old, 0, new, True, subtree)


def verify_inclusion(
    index: int, size: int, leaf: bytes, path: Sequence[bytes], expected_root: bytes
) -> None:
    """``IntegrityError`` (PROOF_INVALID) unless ``leaf`` is at ``index``. RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        raise _bad_proof(f"there is no entry {index} in a tree of size {size}")
    first, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise _bad_proof("the inclusion path is too long")
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise _bad_proof("the inclusion path is too short")
    if node != expected_root:
        raise _bad_proof(f"entry {index} is not in the tree of size {size} with that root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """``IntegrityError`` (PROOF_INVALID) unless the new tree extends the old. RFC 9162, 2.1.4.2."""
    if not 0 <= old <= new:
        raise _bad_proof(f"a tree of size {new} cannot extend one of size {old}")
    if old in (0, new):
        if path or old_root != (new_root if old else EMPTY_ROOT):
            raise _bad_proof("trees of one size have different roots")
        return
    nodes = list(path) if old & (old - 1) else [old_root, *path]
    if not nodes:
        raise _bad_proof("the consistency path is empty")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    from_old = from_new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise _bad_proof("the consistency path is too long")
        if first & 1 or first == last:
            from_old, from_new = node_hash(node, from_old), node_hash(node, from_new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            from_new = node_hash(from_new, node)
        first, last = first >> 1, last >> 1
    if last or from_old != old_root or from_new != new_root:
        raise _bad_proof(f"the tree of size {new} does not extend the one of size {old}")


def _path(index: int, start: int, stop: int, subtree: Subtree) -> list[bytes]:
    if stop - start == 1:
        return []
    middle = start + _split(stop - start)
    if index < middle:
        return [*_path(index, start, middle, subtree), _range_root(middle, stop, subtree)]
    return [*_path(index, middle, stop, subtree), _range_root(start, middle, subtree)]


def _subproof(old: int, start: int, stop: int, whole: bool, subtree: Subtree) -> list[bytes]:
    if old == stop:
        return [] if whole else [_range_root(start, stop, subtree)]
    middle = start + _split(stop - start)
    if old <= middle:
        left = _subproof(old, start, middle, whole, subtree)
        return [*left, _range_root(middle, stop, subtree)]
    right = _subproof(old, middle, stop, False, subtree)
    return [*right, _range_root(start, middle, subtree)]


def _range_root(start: int, stop: int, subtree: Subtree) -> bytes:
    """MTH(D[start:stop]) where ``start`` is aligned as in the RFC's recursions."""
    count = stop - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(start, middle, subtree), _range_root(middle, stop, subtree))


def _split(count: int) -> int:
    """The largest power of two smaller than ``count`` (> 1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _usage(why: str) -> UsageError:
    return UsageError(f"No such proof: {why}.", hint="Ask for a position inside the checkpoint.")


def _bad_proof(why: str) -> IntegrityError:
    return IntegrityError(f"The proof does not hold: {why}.", code=ErrorCode.PROOF_INVALID)
