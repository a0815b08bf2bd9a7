"""Whatever the insider makes of the log, hashes mended: the first entry that differs from what was seen is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ledger import auditor
from controller.ledger.entry import Entry
from controller.ledger.merkle import root_of
from controller.ledger.sighting import Sighting, verify_against
from controller.ledger.verifier import Broken, Intact, StoredEntry
from tests.controller.ledger.insider import entry, hashed, rewrite

SEEN = 12
HONEST = [entry(seq) for seq in range(1, SEEN + 4)]


def stored(entries):
    return [StoredEntry(Entry(*row[:7]), row[7], row[8]) for row in hashed(entries)]


def leaves(entries):
    return [row[7] for row in hashed(entries)]


def seen(size=SEEN, entries=HONEST, by="the witness", exact=True):
    hashes = leaves(entries[:size])
    return Sighting(size, root_of(hashes), by, b"".join(hashes) if exact else b"")


def renumbered(entries):
    return [(seq, *each[1:]) for seq, each in enumerate(entries, 1)]


bodies = st.sampled_from([entry(1)[6], b"{}", b'{"forged":1}'])
places = st.integers(0, len(HONEST) - 1)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), places, bodies),
        st.tuples(st.just("delete"), places, st.none()),
        st.tuples(st.just("insert"), places, bodies),
        st.tuples(st.just("cut"), places, st.none()),
    ),
    max_size=4,
)


def forged(done):
    entries = list(HONEST)
    for deed, at, body in done:
        if deed == "edit" and at < len(entries):
            entries[at] = (*entries[at][:6], body)
        elif deed == "delete":
            del entries[at : at + 1]
        elif deed == "insert":
            entries.insert(at, entry(at + 1, body))
        elif deed == "cut":
            del entries[max(at, 1) :]
    return renumbered(entries)


def expected(entries):
    for seq, (was, now) in enumerate(zip(HONEST[:SEEN], entries, strict=False), 1):
        if was != now:
            return Broken(seq, "rewritten: it is not the entry that the witness saw")
    if len(entries) < SEEN:
        return Broken(len(entries) + 1, f"truncated: {len(entries)} entries, the witness saw {SEEN}")
    return Intact(len(entries), hashed(entries)[-1][8])


@given(deeds)
def test_the_first_entry_that_differs_is_named(done):
    entries = forged(done)
    assert verify_against(stored(entries), [seen()]) == expected(entries)


@given(deeds)
def test_with_a_root_alone_the_stretch_holds_it(done):
    entries = forged(done)
    exact = expected(entries)
    found = verify_against(stored(entries), [seen(exact=False), seen(5, exact=False)])
    assert type(found) is type(exact)
    if isinstance(found, Broken) and found.reason.startswith("rewritten"):
        last = 5 if found.seq == 1 else SEEN
        assert found.seq <= exact.seq <= last
    else:
        assert found == exact or (isinstance(exact, Broken) and len(entries) < SEEN)


@pytest.mark.parametrize(
    "done",
    [
        [],
        [("edit", 3, b"{}"), ("delete", 1, None)],
        [("insert", 0, b"{}")],
        [("cut", 8, None)],
        [("cut", 8, None), ("edit", 4, b"{}")],
        [("delete", 14, None)],
    ],
)
def test_the_auditor_s_file_agrees(tmp_path, done):
    entries = forged(done)
    rewrite(tmp_path, entries)
    said = [seen(), seen(5, by="its own checkpoint", exact=False)]
    theirs = [auditor.Said(each.size, each.root, each.by, each.leaves) for each in said]
    ours = verify_against(stored(entries), said)
    try:
        found = Intact(*auditor.check(tmp_path / "ostiary.db", theirs))
    except auditor.Bad as bad:
        found = Broken(*bad.args)
    assert found == ours


def test_a_damaged_entry_is_named_before_what_follows_from_it():
    rows = stored(HONEST)
    rows[6] = StoredEntry(rows[6].entry, bytes(32), rows[6].chain)
    broken = Broken(7, "its content does not match its leaf hash")
    assert verify_against(rows, [seen()]) == broken
    assert verify_against(rows, [seen(exact=False)]) == broken
    assert verify_against(rows[:6], [seen()]) == Broken(7, "truncated: 6 entries, the witness saw 12")


def test_a_sighting_about_nothing_is_passed_over():
    assert isinstance(verify_against([], [Sighting(0, None, "the witness")]), Intact)
    assert isinstance(verify_against(stored(HONEST), []), Intact)


def test_the_one_who_saw_most_tells_the_end():
    said = [seen(10, by="its own checkpoint"), seen(), seen(4)]
    assert verify_against(stored(HONEST[:6]), said) == Broken(7, "truncated: 6 entries, the witness saw 12")
