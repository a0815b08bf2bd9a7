"""Safety: a row for each policy that is refused because it would be unsafe."""

from __future__ import annotations

import pytest

from controller.site.loader import parse_site

# What is wrong: (text of the embassy's file, what it becomes, the key, the problem, the mend[, the line, other keys])
ROWS: dict[str, tuple[str, ...]] = {
    "lock on the attack side": (
        'lock = { kind = "fail_secure", device = "lock-server-door" }',
        'lock = { kind = "fail_secure", device = "reader-server-in" }',
        "door.server-door.lock",
        '"reader-server-in" hangs on the attack side of a door of level exclusion',
        "safe side",
    ),
    "contact on the attack side": (
        'contact = { device = "lock-server-door" }',
        'contact = { device = "reader-server-in" }',
        "door.server-door.contact",
        "pulling it off the wall would open the door",
        "safe side",
    ),
    "bolt on the attack side": (
        'bolt = { device = "lock-server-door" }',
        'bolt = { device = "reader-server-in" }',
        "door.server-door.bolt",
        "hangs on the attack side",
        "safe side",
    ),
    "REX on the attack side": (
        'rex = { kind = "shunt_only", device = "lock-server-door" }',
        'rex = { kind = "shunt_only", device = "reader-server-in" }',
        "door.server-door.rex",
        "hangs on the attack side",
        "safe side",
    ),
    "lock of the stricter zone": (
        'contact = { device = "lock-guard-post-door" }',
        'contact = { device = "reader-guard-post-in" }',
        "door.guard-post-door.contact",
        "a door of level limited",
        "safe side",
    ),
    "reader in the clear": (
        'id = "osdp-lobby"\nkind = "osdp"\nside = "attack"\nline = "line-a"\naddress = 0\n',
        'id = "osdp-lobby"\nkind = "osdp"\nside = "attack"\nline = "line-a"\naddress = 0\nsecure_channel = false\n',
        "device.osdp-lobby.secure_channel",
        'reads in the clear for "lobby-in", which enters "lobby" (controlled)',
        "set `secure_channel = true`",
    ),
    "contact in the clear": (
        'contact = { device = "osdp-io", input = 3 }',
        'contact = { device = "osdp-consular", input = 3 }',
        "door.chancery-door.contact",
        '"osdp-consular" is spoken to in the clear',
        'set `secure_channel = true` for "osdp-consular"',
    ),
    "face alone in a zone": (
        'factors = ["card", "face"]',
        'factors = ["face"]',
        "zone.server_room.factors",
        "a face never opens a door without a badge",
        'add "card"',
    ),
    "face alone at a reader": (
        'camera = "cam-server"',
        'camera = "cam-server"\nfactors = ["face"]',
        "reader.server-in.factors",
        "grants on a face alone",
        'add "card"',
    ),
    "face alone at a threat level": (
        'comms_room = ["card", "pin"], server_room = ["card", "pin"] }\n\n',
        'comms_room = ["card", "pin"], server_room = ["pin", "face"] }\n\n',
        "threat_level.2.added_factors.server_room",
        "grants on a face alone",
        'add "card"',
        "",
        "threat_level.3.added_factors",
    ),
    "PIN alone": (
        'factors = ["card", "pin"]\nshape',
        'factors = ["pin"]\nshape',
        "zone.registry.factors",
        "grants on a PIN alone",
        'add "card"',
    ),
    "a guard's look alone": (
        'factors = ["card", "pin"]\nshape',
        'factors = ["guard"]\nshape',
        "zone.registry.factors",
        "grants on a guard's look alone",
        'add "card"',
    ),
    "a PIN in place of a card above controlled": (
        'factors = ["card", "pin"]\nshape',
        'factors = ["card", "pin"]\ncard_or_pin = true\nshape',
        "zone.registry.card_or_pin",
        'takes a PIN in place of a card into "registry", which is exclusion',
        "drop it",
    ),
    "a PIN in place of a card where cards may not be copied": (
        'name = "Parking"\nlevel = "controlled"',
        'name = "Parking"\nlevel = "controlled"\ncard_or_pin = true',
        "zone.parking.card_or_pin",
        'takes a PIN, which can be told, into "parking", which asks for symmetric',
        'minimum_assurance = "copyable"',
    ),
    "a PIN in place of a card without keypad": (
        'device = "osdp-lobby"\n',
        'device = "osdp-lobby"\ncard_or_pin = true\n',
        "reader.lobby-in.card_or_pin",
        "takes a PIN in place of a card here and the reader has no keypad",
        "add `keypad = true`",
    ),
    "no factor": (
        'factors = ["card", "pin"]\nshape',
        "factors = []\nshape",
        "zone.registry.factors",
        "asks for nothing at all",
        'write ["card"]',
    ),
    "PIN without keypad": (
        'device = "osdp-registry"\nkeypad = true',
        'device = "osdp-registry"\nkeypad = false',
        "reader.registry-in",
        'zone "registry" asks for a PIN here and the reader has no keypad',
        "add `keypad = true`",
        "row",
    ),
    "PIN after hours without keypad": (
        'device = "osdp-lobby"\n',
        'device = "osdp-lobby"\nfactors_outside = { schedule = "office", factors = ["pin"] }\n',
        "reader.lobby-in",
        '`factors_outside` "office" asks for a PIN here and the reader has no keypad',
        "add `keypad = true`",
        "row",
    ),
    "hours that never end": (
        'device = "osdp-registry"\nkeypad = true',
        'device = "osdp-registry"\nkeypad = true\nfactors_outside = { schedule = "always", factors = ["guard"] }',
        "reader.registry-in.factors_outside",
        '"always" always holds, so this is never asked for',
        "name a schedule with periods",
    ),
    "higher level lets in more kinds of people": (
        'number = 1\nname = "Elevated"',
        'number = 1\nname = "Elevated"\nallowed_kinds = ["staff"]',
        "threat_level.2.allowed_kinds",
        "level 2 is laxer than level 1: it lets in more kinds of people",
        "at least what level 1 asks for",
        "[[threat_level]]\nnumber = 2",
    ),
    "higher level lets in more levels": (
        'number = 1\nname = "Elevated"',
        'number = 1\nname = "Elevated"\nallowed_levels = ["staff"]',
        "threat_level.2.allowed_levels",
        "level 2 is laxer than level 1: it lets in more access levels",
        "at least what level 1 asks for",
        "[[threat_level]]\nnumber = 2",
    ),
    "PIN of a threat level without keypad": (
        'device = "reader-comms-in"\nkeypad = true',
        'device = "reader-comms-in"',
        "reader.comms-in",
        "asks for a PIN here and the reader has no keypad",
        "add `keypad = true`",
        "row",
    ),
    "face without camera": (
        'camera = "cam-server"\n',
        "",
        "reader.server-in",
        'zone "server_room" asks for a face here and the reader has no camera',
        "add `camera = ",
        "row",
    ),
    "way out by software alone": (
        'rex = { kind = "emergency", device = "lock-vehicle-gate" }',
        'rex = { kind = "unlocks", device = "lock-vehicle-gate" }',
        "door.vehicle-gate.free_egress",
        "the way out depends on this software alone",
        "free_egress = true",
        "free_egress = false",
    ),
    "way out by nothing": (
        'rex = { kind = "emergency", device = "lock-vehicle-gate" }\n',
        "",
        "door.vehicle-gate.free_egress",
        "the way out depends on this software alone",
        '"emergency"',
        "free_egress = false",
    ),
    "REX from elsewhere": (
        'rex = { kind = "unlocks", device = "osdp-io", input = 11 }',
        'rex = { kind = "unlocks", device = "reader-lobby-out" }',
        "door.consular-door.rex",
        'unlocks from "reader-lobby-out", which is not the lock\'s own device',
        'wire it to "osdp-io"',
    ),
    "copies in an exclusion zone": (
        'factors = ["card", "pin"]\nshape',
        'factors = ["card", "pin"]\nminimum_assurance = "copyable"\nshape',
        "zone.registry.minimum_assurance",
        "a copied card would open this exclusion zone",
        '"symmetric" or "pki"',
    ),
    "copies in a limited zone": (
        'name = "Guard post"\nlevel = "limited"',
        'name = "Guard post"\nlevel = "limited"\nminimum_assurance = "copyable"',
        "zone.guard_post.minimum_assurance",
        "a copied card would open this limited zone",
        '"symmetric" or "pki"',
    ),
    "warning too early": (
        "pre_alarm_seconds = 15",
        "pre_alarm_seconds = 61",
        "door.vehicle-gate.pre_alarm_seconds",
        "before the door is open (60 seconds)",
        "shorter than open_seconds",
    ),
    "higher level unlocks": (
        '"consular-staff-door", "vehicle-gate", ',
        '"vehicle-gate", ',
        "threat_level.3.locked_doors",
        'level 3 is laxer than level 2: it does not lock "consular-staff-door"',
        "at least what level 2 asks for",
    ),
    "higher level clears": (
        "minimum_clearance = { parking = 1, lobby = 1, chancery = 2,",
        "minimum_clearance = { parking = 1, lobby = 1, chancery = 0,",
        "threat_level.2.minimum_clearance",
        'level 2 is laxer than level 1: it asks for less clearance in "chancery"',
        "at least what level 1 asks for",
    ),
    "higher level forgets a zone": (
        "lobby = 1, chancery = 2, registry = 3,",
        "lobby = 1, chancery = 2,",
        "threat_level.2.minimum_clearance",
        'less clearance in "registry"',
        "at least what level 1 asks for",
    ),
    "higher level drops a factor": (
        'added_factors = { comms_room = ["card", "pin"] }',
        'added_factors = { server_room = ["card", "face"] }',
        "threat_level.2.added_factors",
        'level 2 is laxer than level 1: it asks for fewer factors in "server_room"',
        "at least what level 1 asks for",
        'added_factors = { comms_room = ["card", "pin"], server_room',
    ),
    "liveness without a camera": (
        'device = "osdp-lobby"\n',
        'device = "osdp-lobby"\nliveness = "passive"\n',
        "reader.lobby-in",
        "asks whether a face lives and has no camera",
        'add `camera = "..."`',
        '[[reader]]\nid = "lobby-in"',
    ),
    "no normal level": (
        'number = 0\nname = "Normal"',
        'number = 4\nname = "Normal"',
        "threat_level",
        "threat level 0 is missing",
        "number = 0",
        "[[threat_level]]",
        "threat_level.4.locked_doors",
        "threat_level.4.minimum_clearance",
        "threat_level.4.added_factors",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_an_unsafe_policy_is_refused(refusals, row):
    old, new, where, problem, mend, *more = row
    errors, line = refusals(old, new, more[0] if more else "")
    [error] = [error for error in errors if error.where == where and problem in error.problem]
    assert (error.file, error.line) == ("site.toml", line)
    assert mend in error.mend
    assert {error.where for error in errors} <= {where, *more[1:]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('contact = { device = "lock-parking-door" }', 'contact = { device = "reader-parking-in" }'),
        (
            'name = "Parking"\nlevel = "controlled"',
            'name = "Parking"\nlevel = "controlled"\nminimum_assurance = "copyable"',
        ),
        ('device = "osdp-lobby"\n', 'device = "osdp-lobby"\nkeypad = true\ncard_or_pin = true\n'),
        ("pre_alarm_seconds = 15", "pre_alarm_seconds = 60"),
        ('number = 1\nname = "Elevated"', 'number = 1\nname = "Elevated"\nlocked_doors = ["consular-door"]'),
    ],
    ids=[
        "attack side up to controlled",
        "copies up to controlled",
        "a PIN alone up to controlled",
        "warning at once",
        "level as strict as the next",
    ],
)
def test_what_lies_on_the_safe_side_of_the_boundary_is_allowed(embassy, old, new):
    assert embassy.count(old) == 1
    assert parse_site(embassy.replace(old, new).encode(), "site.toml").name == "Embassy, Vienna"


@pytest.mark.parametrize(
    ("written", "secure"), [('"off"', False), ("false", False), ('"required"', True), ("true", True)]
)
def test_the_channel_is_off_or_required(embassy, written, secure):
    text = embassy.replace("secure_channel = false", f"secure_channel = {written}", 1)
    assert parse_site(text.encode(), "site.toml").devices["osdp-consular"].secure_channel is secure
