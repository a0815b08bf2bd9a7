"""RFC 6962's tree: Certificate Transparency's own vectors, and laws against the RFC's recursion word by word."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_holds,
    consistency_ranges,
    inclusion_holds,
    inclusion_ranges,
    prove,
    root_of,
)

# The inputs and roots of Certificate Transparency's reference tests (merkle_tree_test).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
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
LEAVES = [hashlib.sha256(b"\0" + bytes.fromhex(text)).digest() for text in INPUTS]

INCLUSION_OF_0_IN_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CONSISTENCY_OF_6_AND_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


def hexes(hashes):
    return [each.hex() for each in hashes]


# The RFC's definitions, word by word.


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(d):
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return d[0]
    k = split(len(d))
    return hashlib.sha256(b"\1" + mth(d[:k]) + mth(d[k:])).digest()


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m, d, b):
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    return [*subproof(m, d[:k], b), mth(d[k:])] if m <= k else [*subproof(m - k, d[k:], False), mth(d[:k])]


def leaves_of(size):
    return [hashlib.sha256(b"\0%d" % number).digest() for number in range(size)]


def test_roots_are_those_of_certificate_transparency():
    assert [root_of(LEAVES[:size]).hex() for size in range(9)] == ROOTS


def test_proofs_are_those_of_certificate_transparency():
    assert hexes(prove(inclusion_ranges(0, 8), LEAVES)) == INCLUSION_OF_0_IN_8
    assert hexes(prove(consistency_ranges(6, 8), LEAVES)) == CONSISTENCY_OF_6_AND_8


@given(st.integers(1, 70))
def test_the_root_is_that_of_the_recursion_after_every_append(size):
    frontier, leaves = Frontier(), leaves_of(size)
    assert frontier.root() == EMPTY_ROOT == mth([])
    for count, leaf in enumerate(leaves, 1):
        frontier.append(leaf)
        assert (frontier.size, frontier.root()) == (count, mth(leaves[:count]))


@given(st.data(), st.integers(1, 70))
def test_an_inclusion_proof_is_the_recursion_s_and_holds_for_that_leaf_alone(data, size):
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    proof, root = prove(inclusion_ranges(index, size), leaves), mth(leaves)
    assert proof == path(index, leaves)
    assert inclusion_holds(leaves[index], index, size, proof, root)
    assert not inclusion_holds(bytes(32), index, size, proof, root)
    assert not inclusion_holds(leaves[index], index, size, [*proof, bytes(32)], root)
    assert not inclusion_holds(leaves[index], size, size, proof, root)
    if proof:
        assert not inclusion_holds(leaves[index], index, size, proof[:-1], root)


@given(st.data(), st.integers(1, 70))
def test_a_consistency_proof_is_the_recursion_s_and_holds_for_those_roots_alone(data, size):
    old = data.draw(st.integers(1, size))
    leaves = leaves_of(size)
    proof, before, root = prove(consistency_ranges(old, size), leaves), mth(leaves[:old]), mth(leaves)
    assert proof == subproof(old, leaves, True)
    assert consistency_holds(old, before, size, root, proof)
    assert not consistency_holds(old, bytes(32), size, root, proof)
    assert not consistency_holds(old, before, size, bytes(32), proof)
    assert not consistency_holds(old, before, size, root, [*proof, bytes(32)])
    assert not consistency_holds(size + 1, before, size, root, proof)
    for at in range(len(proof)):
        assert not consistency_holds(old, before, size, root, [*proof[:at], bytes(32), *proof[at + 1 :]])
        assert not consistency_holds(old, before, size, root, [*proof[:at], *proof[at + 1 :]])


@given(st.data(), st.integers(2, 40))
def test_a_tree_with_another_past_is_never_consistent(data, size):
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    leaves = leaves_of(size)
    forged = [*leaves[:changed], bytes(32), *leaves[changed + 1 :]]
    proof = prove(consistency_ranges(old, size), forged)
    assert not consistency_holds(old, mth(leaves[:old]), size, mth(forged), proof)


def test_everything_extends_the_empty_tree_and_the_empty_tree_only_itself():
    assert consistency_holds(0, EMPTY_ROOT, 5, bytes(32), [])
    assert not consistency_holds(0, bytes(32), 5, bytes(32), [])
    assert not consistency_holds(0, EMPTY_ROOT, 5, bytes(32), [bytes(32)])
    assert consistency_ranges(0, 5) == consistency_ranges(5, 5) == []


@pytest.mark.parametrize("ask", [lambda: inclusion_ranges(3, 3), lambda: inclusion_ranges(-1, 3)])
def test_no_proof_of_what_is_not_there(ask):
    with pytest.raises(ValueError, match="not in a tree"):
        ask()
    with pytest.raises(ValueError, match="does not begin with"):
        consistency_ranges(4, 3)
    with pytest.raises(ValueError, match="there are not 8 leaves"):
        prove([(4, 8)], LEAVES[:7])
