"""A witness cosigns what contains all it saw before, and nothing else."""

from __future__ import annotations

import hashlib

import pytest

from controller.ledger.checkpoint import Checkpoint, sign_checkpoint
from controller.ledger.merkle import consistency_ranges, prove, root_of
from controller.ledger.note import ED25519, BadNote, SignerKey
from controller.ledger.witness import BadBundle, Bundle, Held, Refusal, consider, leaves_match, parse_bundle, split

LOG = SignerKey("ostiary/log/1", ED25519, b"l" * 32)
LEAVES = [hashlib.sha256(b"\0%d" % number).digest() for number in range(20)]
FORGED = [*LEAVES[:2], bytes(32), *LEAVES[3:]]


def bundle(old, size, leaves=LEAVES, key=LOG):
    checkpoint = Checkpoint(key.name, size, root_of(leaves[:size]))
    proof = tuple(prove(consistency_ranges(old, size), leaves)) if old <= size else ()
    return Bundle(old, proof, sign_checkpoint(checkpoint, key), b"".join(leaves[old:size]))


def held(size):
    return Held(LOG.name, size, root_of(LEAVES[:size])) if size else Held()


@pytest.mark.parametrize(("old", "size"), [(0, 1), (0, 9), (5, 9), (8, 9), (9, 9), (7, 20)])
def test_what_extends_is_cosigned(old, size):
    assert consider(held(old), bundle(old, size), LOG.verifier) == Checkpoint(LOG.name, size, root_of(LEAVES[:size]))


@pytest.mark.parametrize(
    ("before", "offered", "refusal"),
    [
        (held(9), bundle(8, 8), Refusal.SMALLER),
        (held(9), bundle(9, 9, FORGED), Refusal.FORKED),
        (held(9), bundle(9, 12, FORGED), Refusal.FORKED),
        (held(9), bundle(8, 12), Refusal.NOT_FROM_HERE),
        (held(9), bundle(0, 12), Refusal.NOT_FROM_HERE),
        (held(0), bundle(4, 12), Refusal.NOT_FROM_HERE),
        (Held("ostiary/log/2", 9, root_of(LEAVES[:9])), bundle(9, 12), Refusal.OTHER_LOG),
    ],
)
def test_what_does_not_extend_is_refused(before, offered, refusal):
    assert consider(before, offered, LOG.verifier) is refusal


def test_what_the_log_did_not_sign_is_refused():
    with pytest.raises(BadNote):
        consider(Held(), bundle(0, 9, key=SignerKey(LOG.name, ED25519, b"m" * 32)), LOG.verifier)


def test_the_leaves_must_be_those_of_the_checkpoint():
    checkpoint = Checkpoint(LOG.name, 9, root_of(LEAVES[:9]))
    assert leaves_match(b"".join(LEAVES[:9]), checkpoint)
    for wrong in (LEAVES[:8], LEAVES[:10], FORGED[:9], []):
        assert not leaves_match(b"".join(wrong), checkpoint)


@pytest.mark.parametrize(
    "sent",
    [
        bundle(0, 9),
        bundle(5, 9),
        bundle(9, 9),
        Bundle(3, (bytes(32),), bundle(0, 9).note),
        Bundle(0, (), bundle(0, 9).note),
    ],
)
def test_a_bundle_is_the_same_after_the_journey(sent):
    assert parse_bundle(sent.text()) == sent


def test_a_bundle_begins_as_c2sp_says():
    sent = bundle(8, 9)
    assert sent.text().startswith(f"old 8\n{'':s}".rstrip() + "\n")
    assert sent.text().split("\n\n")[0].count("\n") == len(sent.proof)
    assert split(b"a" * 32 + b"b" * 32) == [b"a" * 32, b"b" * 32]


@pytest.mark.parametrize(
    "written",
    [
        "",
        bundle(0, 9).note,
        bundle(5, 9).text().replace("old 5", "old 05"),
        bundle(5, 9).text().replace("old 5", "new 5"),
        bundle(5, 9).text().replace("old 5\n", "old 5\nAAAA\n"),
        bundle(5, 9).text().replace("old 5\n", "old 5\n!\n"),
        bundle(5, 9).text().replace("old 5\n", "old 5\n" + "A" * 43 + "=\n" * 64),
        bundle(0, 9).text() + "\n\nmore\n",
        bundle(0, 9).text() + "more\n",
    ],
)
def test_what_is_no_bundle_is_refused(written):
    with pytest.raises(BadBundle):
        parse_bundle(written)
