"""Barriers, turnstiles, keys and extended times in the site file: what is read, and a row for each refusal."""

from __future__ import annotations

import pytest

from controller.domain.site import DoorKind, Input, RelockOn
from controller.site.diff import compare
from controller.site.loader import parse_site

GATE = 'free_egress = false\nunlock_seconds = 10\nopen_seconds = 60\npre_alarm_seconds = 15\nrelock_on = "close"'
BARRIER = 'kind = "barrier"\nloop = { device = "lock-vehicle-gate" }\n'
BOLT = 'bolt = { device = "lock-vehicle-gate" }\nrex = { kind = "emergency", device = "lock-vehicle-gate" }\n'
CONTACT = 'contact = { device = "lock-main-gate" }\n'
MAIN = 'relock_on = "close"\nposition = [510, 680]'
PLACE = "position = [510, 680]"
COUNTED = 'rotation_in = { device = "lock-main-gate" }\nrotation_out = { device = "lock-main-gate" }\n'
TURNSTILE = f'kind = "turnstile"\n{COUNTED}{PLACE}'


def barrier(text: str, more: str = "") -> str:
    """The embassy's file with a barrier for a vehicle gate."""
    return changed(text, GATE, GATE.replace('relock_on = "close"', BARRIER + more))


def turnstile(text: str) -> str:
    """The embassy's file with a turnstile for a main gate."""
    return changed(changed(text, CONTACT, ""), MAIN, TURNSTILE)


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def door(text: str, which: str):
    return parse_site(text.encode(), "site.toml").doors[which]


def test_a_barrier_is_read_and_closes_behind_what_passed(embassy):
    gate = door(barrier(embassy), "vehicle-gate")
    assert (gate.kind, gate.loop, gate.relock_on) == (
        DoorKind.BARRIER,
        Input("lock-vehicle-gate", None),
        RelockOn.CLOSE,
    )


def test_a_turnstile_is_read(embassy):
    gate = door(turnstile(embassy), "main-gate")
    wire = Input("lock-main-gate", None)
    assert (gate.kind, gate.rotation_in, gate.rotation_out) == (DoorKind.TURNSTILE, wire, wire)


def test_a_door_is_a_leaf_unless_it_says_otherwise(embassy):
    assert door(embassy, "main-gate").kind is DoorKind.LEAF
    assert door(changed(embassy, PLACE, f'kind = "hatch"\n{PLACE}'), "main-gate").kind is DoorKind.HATCH


def test_a_key_and_a_debounce_time_of_its_own(embassy):
    text = changed(embassy, PLACE, f'key_switch = {{ device = "lock-main-gate", debounce_ms = 80 }}\n{PLACE}')
    assert door(text, "main-gate").key_switch == Input("lock-main-gate", None, 0.08)


def test_the_sites_debounce_time(embassy):
    assert parse_site(embassy.encode(), "site.toml").debounce_seconds == 0.05
    text = changed(embassy, "[site]\n", "[site]\ndebounce_ms = 20\n")
    assert parse_site(text.encode(), "site.toml").debounce_seconds == 0.02


def test_extended_times_follow_the_sites_factor_where_a_door_says_nothing(embassy):
    site = parse_site(embassy.encode(), "site.toml")
    gate, reader = site.doors["vehicle-gate"], site.readers["vehicle-gate-in"]
    assert (gate.unlock_for(extended=True), gate.open_for(extended=True)) == (20.0, 120.0)
    assert (gate.unlock_for(extended=False), gate.open_for(extended=False)) == (10.0, 60.0)
    assert reader.challenge_for(extended=True) == 2 * reader.challenge_seconds
    text = changed(embassy, "[site]\n", "[site]\nextended_factor = 3\n")
    text = changed(text, GATE, f"{GATE}\nextended_open_seconds = 100")
    gate = door(text, "vehicle-gate")
    assert (gate.unlock_for(extended=True), gate.open_for(extended=True)) == (30.0, 100.0)


def test_what_becomes_of_a_gate_is_told(embassy):
    old, new = (parse_site(text.encode(), "site.toml") for text in (embassy, barrier(embassy)))
    assert compare(old, new) == [
        "door vehicle-gate: kind now barrier (was leaf)",
        "door vehicle-gate: loop now device lock-vehicle-gate (was none)",
    ]


# What is wrong: (text of the embassy's file, what it becomes, the place, the problem, the mend)
ROWS: dict[str, tuple[str, str, str, str, str]] = {
    "a barrier without a loop": (
        GATE,
        GATE.replace('relock_on = "close"', 'kind = "barrier"'),
        "door.vehicle-gate.kind",
        "a barrier crushes whatever stands there, and no safety loop tells whether anything does",
        'wire one: `loop = { device = "..." }`',
    ),
    "a wedge without a loop": (
        GATE,
        GATE.replace('relock_on = "close"', 'kind = "wedge"'),
        "door.vehicle-gate.kind",
        "a wedge crushes whatever stands there",
        "wire one",
    ),
    "a barrier that closes as soon as it is open": (
        GATE,
        GATE.replace("relock_on", f"{BARRIER}relock_on"),
        "door.vehicle-gate.relock_on",
        "a barrier closes as soon as its loop is free again",
        'remove "relock_on"',
    ),
    "a turnstile that nobody counts": (
        MAIN,
        f'kind = "turnstile"\n{PLACE}',
        "door.main-gate.kind",
        "nothing counts who turns it inwards",
        'wire its counter: `rotation_in = { device = "..." }`',
    ),
    "a turnstile that counts one way only": (
        MAIN,
        f'kind = "turnstile"\nrotation_in = {{ device = "lock-main-gate" }}\n{PLACE}',
        "door.main-gate.kind",
        "nothing counts who turns it outwards",
        'wire its counter: `rotation_out = { device = "..." }`',
    ),
    "a turnstile with a leaf": (
        MAIN,
        TURNSTILE,
        "door.main-gate.contact",
        "a turnstile has no leaf that opens",
        'remove "contact"',
    ),
    "a turnstile with a loop": (
        MAIN,
        f'{TURNSTILE}\nloop = {{ device = "lock-main-gate" }}',
        "door.main-gate.loop",
        "a turnstile has no barrier that closes",
        'remove "loop"',
    ),
    "a turnstile that relocks": (
        MAIN,
        f'{TURNSTILE}\nrelock_on = "open"',
        "door.main-gate.relock_on",
        "a turnstile locks after its last rotation",
        'remove "relock_on"',
    ),
    "a leaf that turns": (
        PLACE,
        f"{COUNTED}{PLACE}",
        "door.main-gate.rotation_in",
        "a leaf does not turn",
        'write `kind = "turnstile"`, or remove it',
    ),
    "less time for whoever needs more": (
        GATE,
        f"{GATE}\nextended_open_seconds = 59",
        "door.vehicle-gate.extended_open_seconds",
        "gives less time than everybody has (60 seconds)",
        "make it longer, or leave it out",
    ),
    "a shorter pulse for whoever needs more time": (
        GATE,
        f"{GATE}\nextended_unlock_seconds = 9",
        "door.vehicle-gate.extended_unlock_seconds",
        "gives less time than everybody has (10 seconds)",
        "make it longer",
    ),
    "a shorter challenge for whoever needs more time": (
        'device = "reader-vehicle-gate-in"\n',
        'device = "reader-vehicle-gate-in"\nextended_challenge_seconds = 3\n',
        "reader.vehicle-gate-in.extended_challenge_seconds",
        "gives less time than everybody has (15 seconds)",
        "make it longer",
    ),
    "a debounce time that hides what lasts": (
        "[site]\n",
        "[site]\ndebounce_ms = 400\n",
        "site.debounce_ms",
        "400 milliseconds is out of range",
        "write 20 to 100 milliseconds",
    ),
    "a factor that shortens": (
        "[site]\n",
        "[site]\nextended_factor = 0.5\n",
        "site.extended_factor",
        "0.5 is out of range",
        "write 1 to 5",
    ),
    "a loop that hangs on nothing": (
        GATE,
        GATE.replace('relock_on = "close"', 'kind = "barrier"\nloop = { device = "lop" }'),
        "door.vehicle-gate.loop.device",
        'no device has the id "lop"',
        "choose one of",
    ),
    "a kind that is none": (
        PLACE,
        f'kind = "turnstyle"\n{PLACE}',
        "door.main-gate.kind",
        'unknown word "turnstyle"',
        'did you mean "turnstile"',
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_gate_that_cannot_be_kept_safe_is_refused(refusals, row):
    old, new, where, problem, mend = row
    errors, _ = refusals(old, new, "")
    [error] = [error for error in errors if error.where == where and problem in error.problem]
    assert mend in error.mend


def test_a_barrier_that_nobody_sees_is_refused(embassy, refusals):
    blind = BOLT.replace('bolt = { device = "lock-vehicle-gate" }\n', 'loop = { device = "lock-vehicle-gate" }\n')
    errors, line = refusals(BOLT, blind, "loop = {")
    [error] = [e for e in errors if e.where == "door.vehicle-gate.loop"]
    assert (error.line, "nobody sees whether it is open or shut" in error.problem) == (line, True)


def test_a_safety_loop_above_controlled_hangs_on_the_safe_side(refusals):
    old = 'id = "registry-door"\n'
    errors, _ = refusals(old, f'{old}loop = {{ device = "reader-comms-in" }}\n', "")
    assert any("hangs on the attack side" in e.problem for e in errors if e.where == "door.registry-door.loop")
