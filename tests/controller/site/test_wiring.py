"""Wiring: a row for each thing that cannot hang where the file says."""

from __future__ import annotations

import pytest

from controller.site.loader import parse_site

# What is wrong: (text of the embassy's file, what it becomes, the key, the problem, the mend[, the line, other keys])
ROWS: dict[str, tuple[str, ...]] = {
    "address used twice": (
        'id = "osdp-lobby"\nkind = "osdp"\nside = "attack"\nline = "line-a"\naddress = 0\n',
        'id = "osdp-lobby"\nkind = "osdp"\nside = "attack"\nline = "line-a"\naddress = 8\n',
        "device.osdp-io.address",
        'address 8 on line "line-a" is used twice, first by device.osdp-lobby.address',
        "wire one of the two elsewhere",
        "address = 8\n\n#",
    ),
    "reader head used twice": (
        'device = "reader-server-out"',
        'device = "reader-server-in"',
        "reader.server-out.device",
        'reader head "reader-server-in" is used twice, first by reader.server-in.device',
        "elsewhere",
    ),
    "output used twice": (
        "output = 1 }",
        "output = 0 }",
        "door.chancery-door.lock",
        'output 0 of "osdp-io" is used twice, first by door.lobby-door.lock',
        "elsewhere",
    ),
    "input used twice": (
        "input = 1 }",
        "input = 0 }",
        "door.lobby-door.bolt",
        'input 0 of "osdp-io" is used twice, first by door.lobby-door.contact',
        "elsewhere",
    ),
    "MQTT contact used twice": (
        'contact = { device = "lock-server-door" }',
        'contact = { device = "lock-comms-door" }',
        "door.server-door.contact",
        'the contact of "lock-comms-door" is used twice, first by door.comms-door.contact',
        "elsewhere",
    ),
    "OSDP output without number": (
        'device = "osdp-io", output = 0',
        'device = "osdp-io"',
        "door.lobby-door.lock",
        "it numbers its outputs",
        "add `output = 0`",
    ),
    "MQTT lock with number": (
        'lock = { kind = "fail_secure", device = "lock-server-door" }',
        'lock = { kind = "fail_secure", device = "lock-server-door", output = 0 }',
        "door.server-door.lock",
        "it has one output of each kind",
        "remove `output = 0`",
    ),
    "reader of another door": (
        'leaves = "parking"\nenters = "outside"',
        'leaves = "parking"\nenters = "forecourt"',
        "reader.vehicle-gate-out.enters",
        'leads from "parking" to "forecourt", "vehicle-gate" does not',
        '"outside" and "parking"',
    ),
    "reader that goes nowhere": (
        'leaves = "parking"\nenters = "outside"',
        'leaves = "parking"\nenters = "parking"',
        "reader.vehicle-gate-out.enters",
        'leads from "parking" to "parking"',
        '"outside" and "parking"',
    ),
    "head without formats": (
        'secure_channel = false\nformats = ["H10301", "C1000_35"]',
        "secure_channel = false",
        "device.osdp-consular.formats",
        'reads cards for "consular-in" and knows no card format',
        'add `formats = ["H10301"]`',
        '[[device]]\nid = "osdp-consular"',
    ),
    "camera that looks elsewhere": (
        'camera = "cam-server"',
        'camera = "cam-lobby"',
        "reader.server-in.camera",
        '"cam-lobby" looks at "lobby", whoever asks stands in "chancery"',
        'zone is "chancery"',
    ),
    "door off the plan": (
        "position = [1180, 160]",
        "position = [1280, 160]",
        "door.fire-exit.position",
        "[1280, 160] lies off the plan",
        "1200 wide and 700 high",
    ),
    "zone off the plan": (
        "[20, 680]]",
        "[20, 780]]",
        "zone.guard_post.shape",
        "[20, 780] lies off the plan",
        "700 high",
    ),
    "camera off the plan": (
        "position = [740, 250]",
        "position = [740, 701]",
        "camera.cam-server.position",
        "lies off the plan",
        "700 high",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_impossible_wiring_is_refused(refusals, row):
    old, new, where, problem, mend, *more = row
    errors, line = refusals(old, new, more[0] if more else "")
    [error] = [error for error in errors if error.where == where and problem in error.problem]
    assert (error.file, error.line) == ("site.toml", line)
    assert mend in error.mend
    assert {error.where for error in errors} <= {where, *more[1:]}


def test_where_one_zone_names_its_floor_each_does(refusals, embassy):
    errors, _ = refusals('id = "forecourt"\n', 'id = "forecourt"\nfloor = "Ground floor"\n', "")
    zones = parse_site(embassy.encode(), "site.toml").zones
    assert {error.where for error in errors} == {f"zone.{zone}" for zone in zones} - {"zone.outside", "zone.forecourt"}
    assert {error.problem for error in errors} == {"it names no floor, and other zones do"}
    assert {error.mend for error in errors} == {'floor = "Ground floor"'}


def test_a_house_of_two_floors_is_loaded_as_it_is_drawn(embassy):
    lines = embassy.splitlines()
    heads = [i for i, line in enumerate(lines) if line == "[[zone]]"]
    for i in reversed(heads):
        lines.insert(i + 1, f'floor = "{"First floor" if i == heads[-1] else "Ground floor"}"')
    floors = [zone.floor for zone in parse_site("\n".join(lines).encode(), "site.toml").zones.values()]
    assert floors == ["", *["Ground floor"] * (len(heads) - 1), "First floor"]
