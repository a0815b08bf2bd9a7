"""The hashed bytes, by a second hand: everything here is computed from docs/log.md, nothing from the code."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from controller.ledger.entry import Entry, chain_hash, entry_bytes, leaf_hash
from controller.ledger.verifier import Broken, Intact, StoredEntry, verify

FIRST = Entry(1, "box_stopped", 1, 1_795_424_400_123_456, 1_234_567_891, "boot-1", b'{"event":{},"site":"s"}')
SECOND = Entry(2, "alarm_closed", 1, -5, 0, "böot", '{"event":{"reason":"naïve\n"},"site":"s"}'.encode())

FIRST_BYTES = b'1\nbox_stopped\n1\n1795424400123456\n1234567891\nboot-1\n{"event":{},"site":"s"}'
# (printf '\0'; cat entry) | sha256sum, and (head -c32 /dev/zero; xxd -r -p leaf) | sha256sum
FIRST_LEAF = "0b20ef7c7a32cc4253bc744d7b35ea91a6165b20bd6b349d6aae0b2627bc84a1"
FIRST_CHAIN = "11aa72c8127b8803423d0b089aa17db5290d6f163c8ab221f352eee4c1b2a97f"


def by_hand(entries):
    """The log as docs/log.md says it is hashed."""
    before, rows = bytes(32), []
    for e in entries:
        text = f"{e.seq}\n{e.kind}\n{e.version}\n{e.wall}\n{e.mono}\n{e.boot}\n".encode() + e.body
        leaf = hashlib.sha256(b"\x00" + text).digest()
        before = hashlib.sha256(before + leaf).digest()
        rows.append(StoredEntry(e, leaf, before))
    return rows


LOG = by_hand([replace(FIRST, seq=seq) for seq in range(1, 6)])


def test_the_bytes_are_those_of_the_document():
    assert entry_bytes(FIRST) == FIRST_BYTES
    assert entry_bytes(SECOND) == "2\nalarm_closed\n1\n-5\n0\nböot\n".encode() + SECOND.body


def test_golden_hashes():
    assert leaf_hash(FIRST).hex() == FIRST_LEAF
    assert chain_hash(bytes(32), leaf_hash(FIRST)).hex() == FIRST_CHAIN


def test_a_leaf_and_a_chain_are_those_of_the_document():
    rows = by_hand([FIRST, SECOND])
    assert [leaf_hash(FIRST), leaf_hash(SECOND)] == [row.leaf for row in rows]
    assert chain_hash(chain_hash(bytes(32), rows[0].leaf), rows[1].leaf) == rows[1].chain


def test_an_intact_log_has_a_head_to_note():
    assert verify(LOG) == Intact(5, LOG[-1].chain)
    assert verify([]) == Intact(0, bytes(32))


@pytest.mark.parametrize(
    "changed",
    [{"kind": "x"}, {"version": 2}, {"wall": 0}, {"mono": 0}, {"boot": "other"}, {"body": b"{}"}],
    ids=str,
)
def test_every_column_is_hashed(changed):
    rows = [*LOG[:2], replace(LOG[2], entry=replace(LOG[2].entry, **changed)), *LOG[3:]]
    assert verify(rows) == Broken(3, "its content does not match its leaf hash")


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([*LOG[:2], *LOG[3:]], Broken(3, "missing: the next entry found is 4")),
        (LOG[1:], Broken(1, "missing: the next entry found is 2")),
        ([replace(LOG[0], entry=replace(FIRST, seq=0)), *LOG], Broken(0, "its number comes before the first")),
        ([*LOG[:2], replace(LOG[2], leaf=bytes(32)), *LOG[3:]], Broken(3, "its content does not match its leaf hash")),
        (
            [*LOG[:2], replace(LOG[2], chain=bytes(32)), *LOG[3:]],
            Broken(3, "its chain hash does not follow from the entries before it"),
        ),
        ([*LOG[:2], replace(LOG[2], as_written=False), *LOG[3:]], Broken(3, "its bytes were rewritten as text")),
    ],
)
def test_the_first_bad_entry_is_named(rows, broken):
    assert verify(rows) == broken


def test_an_entry_rewritten_with_its_leaf_breaks_the_chain():
    forged = by_hand([replace(FIRST, seq=3, boot="other")])[0]
    rows = [*LOG[:2], replace(forged, chain=LOG[2].chain), *LOG[3:]]
    assert verify(rows) == Broken(3, "its chain hash does not follow from the entries before it")


def test_a_forged_entry_with_leaf_and_chain_breaks_the_next():
    forged = by_hand([*(row.entry for row in LOG[:2]), replace(FIRST, seq=3, boot="other")])[2]
    assert verify([*LOG[:2], forged, *LOG[3:]]) == Broken(
        4, "its chain hash does not follow from the entries before it"
    )
