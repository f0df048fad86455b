"""Tree arithmetic against published vectors and against the RFC's own definition."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ErrorCode, IntegrityError, UsageError
from ledger import merkle

INPUTS = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The reference vectors of certificate-transparency (RFC 6962), sizes 0 to 8."""
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"


def mth(leaves: list[bytes]) -> bytes:
    """MTH exactly as RFC 9162 section 2.1.1 defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def subtree_of(leaves: list[bytes]) -> merkle.Subtree:
    return lambda level, index: mth(leaves[index << level : (index + 1) << level])


def hexes(nodes: list[bytes]) -> list[str]:
    return [node.hex() for node in nodes]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_vectors(size: int) -> None:
    new, edge = merkle.extend(0, (), map(merkle.leaf_hash, INPUTS[:size]))
    assert (new, merkle.root(edge).hex()) == (size, ROOTS[size])
    assert len(edge) == size.bit_count()


@pytest.mark.parametrize(
    ("index", "size", "path"), [(0, 1, []), (0, 8, [A, B, C]), (5, 8, [F, E, ROOTS[4]])]
)
def test_inclusion_paths_are_those_of_the_reference_vectors(
    index: int, size: int, path: list[str]
) -> None:
    proof = merkle.inclusion_proof(index, size, subtree_of(INPUTS))
    if (index, size) == (5, 8):
        path = [merkle.leaf_hash(INPUTS[4]).hex(), *path[1:]]
    assert hexes(proof) == path


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [D, E, ROOTS[4]]), (2, 5, [B, F])],
)
def test_consistency_paths_are_those_of_the_reference_vectors(
    old: int, new: int, path: list[str]
) -> None:
    assert hexes(merkle.consistency_proof(old, new, subtree_of(INPUTS))) == path


@given(st.lists(st.binary(max_size=4), max_size=70), st.integers(0, 70))
@settings(deadline=None)
def test_extending_in_two_steps_is_the_definition(leaves: list[bytes], cut: int) -> None:
    cut = min(cut, len(leaves))
    hashes = merkle.leaf_hashes(leaves)
    size, edge = merkle.extend(*merkle.extend(0, (), hashes[:cut]), hashes[cut:])
    assert (size, merkle.root(edge)) == (len(leaves), mth(leaves))


def test_a_perfect_root_is_the_definition() -> None:
    for count in (1, 2, 4, 8):
        hashes = merkle.leaf_hashes(INPUTS[:count])
        assert merkle.perfect_root(hashes) == mth(INPUTS[:count])


@given(st.data())
@settings(deadline=None)
def test_proofs_hold_and_altered_ones_do_not(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    leaves = [bytes([i]) for i in range(size)]
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    root, leaf = mth(leaves), merkle.leaf_hash(leaves[index])
    path = merkle.inclusion_proof(index, size, subtree_of(leaves))
    merkle.verify_inclusion(index, size, leaf, path, root)
    proof = merkle.consistency_proof(old, size, subtree_of(leaves))
    merkle.verify_consistency(old, size, mth(leaves[:old]), root, proof)
    bad = bytes(32)
    for wrong in (
        lambda: merkle.verify_inclusion(index, size, bad, path, root),
        lambda: merkle.verify_inclusion(index, size, leaf, [*path, bad], root),
        lambda: merkle.verify_inclusion(index, size, leaf, path, bad),
        lambda: merkle.verify_inclusion(size, size, leaf, path, root),
        lambda: merkle.verify_consistency(old, size, bad, root, proof),
        lambda: merkle.verify_consistency(old, size, mth(leaves[:old]), root, [*proof, bad]),
    ):
        with pytest.raises(IntegrityError) as caught:
            wrong()
        assert caught.value.code == ErrorCode.PROOF_INVALID
    for position in range(len(path)):
        with pytest.raises(IntegrityError):
            merkle.verify_inclusion(
                index, size, leaf, [*path[:position], bad, *path[position + 1 :]], root
            )
    for position in range(len(proof)):
        cut = [*proof[:position], *proof[position + 1 :]]
        with pytest.raises(IntegrityError):
            merkle.verify_consistency(old, size, mth(leaves[:old]), root, cut)


def test_proofs_outside_the_tree_are_refused() -> None:
    for ask in (
        lambda: merkle.inclusion_proof(8, 8, subtree_of(INPUTS)),
        lambda: merkle.inclusion_proof(-1, 8, subtree_of(INPUTS)),
        lambda: merkle.consistency_proof(9, 8, subtree_of(INPUTS)),
    ):
        with pytest.raises(UsageError):
            ask()
