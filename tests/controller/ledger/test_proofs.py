"""Many proofs at once are the proofs that are made one by one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from controller.ledger.merkle import (
    EMPTY_ROOT,
    consistency_holds,
    consistency_ranges,
    inclusion_holds,
    inclusion_ranges,
    prove,
    root_of,
)
from controller.ledger.proofs import Leaves


def leaves(size):
    return [hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(size)]


@given(size=some.integers(1, 1300), data=some.data())
def test_each_proof_is_the_one_that_is_made_alone_and_holds(size, data):
    given_leaves = leaves(size)
    tree = Leaves(given_leaves)
    assert (len(tree), tree.root()) == (size, root_of(given_leaves))
    for index in data.draw(some.lists(some.integers(0, size - 1), min_size=1, max_size=4)):
        proof = tree.inclusion(index)
        assert proof == prove(inclusion_ranges(index, size), given_leaves)
        assert inclusion_holds(given_leaves[index], index, size, proof, tree.root())
    old = data.draw(some.integers(0, size))
    steps = tree.roots(consistency_ranges(old, size))
    assert consistency_holds(old, tree.root(0, old), size, tree.root(), steps)


def test_there_is_no_proof_of_what_is_not_there():
    assert Leaves([]).root() == EMPTY_ROOT
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match="not in a tree"):
            Leaves(leaves(3)).inclusion(wrong)
    with pytest.raises(ValueError, match="no leaves"):
        Leaves(leaves(3)).root(0, 4)
