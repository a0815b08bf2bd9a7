"""Relay boards and consumer kit in a site file: each refusal is a sentence, at the line that is to be mended."""

from __future__ import annotations

import pytest

from controller.domain.boards import WINDOWS, PulseEnd
from controller.domain.points import PointCondition
from controller.domain.site import DeviceKind
from controller.pki_admin import mqtt_devices
from controller.site.boards import round_seconds
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site

SITE = """
[site]
id = "annexe"
name = "Annexe"
timezone = "UTC"
plan = [100, 100]

[[zone]]
id = "inside"
name = "Inside"
level = "controlled"
shape = [[0, 0], [50, 0], [50, 50]]

[[bus]]
id = "riser"
port = "/dev/ttyUSB1"
baud = 19200

[[bus]]
id = "net"
port = "192.168.77.2:502"
own_wire = true

[[device]]
id = "board"
kind = "modbus"
side = "safe"
bus = "riser"
address = 1
pulse = "register"
pulse_register = 100

[[device]]
id = "far"
kind = "modbus"
side = "safe"
bus = "net"
address = 1
pulse = "watchdog"
watchdog_seconds = 2

[[device]]
id = "shed"
kind = "shelly"
side = "safe"

[[device]]
id = "zig"
kind = "zigbee2mqtt"
side = "safe"
relocks_itself = true

[[device]]
id = "head"
kind = "mqtt"
side = "attack"
formats = ["H10301"]

[[door]]
id = "door"
name = "Door"
zones = ["outside", "inside"]
lock = { kind = "fail_secure", device = "board", output = 0 }
contact = { device = "board", analogue = 0 }
bolt = { device = "far", input = 1 }
free_egress = true
position = [1, 1]

[[door]]
id = "shed-door"
name = "Shed"
zones = ["outside", "inside"]
lock = { kind = "fail_secure", device = "shed" }
contact = { device = "zig" }
free_egress = true
position = [2, 2]

[[reader]]
id = "in"
name = "In"
door = "door"
leaves = "outside"
enters = "inside"
device = "head"

[[threat_level]]
number = 0
name = "Normal"
"""


def load(text=SITE):
    return parse_site(text.encode(), "site.toml")


def refused(old, new, text=SITE):
    assert text.count(old) == 1, old
    with pytest.raises(SiteErrors) as caught:
        load(text.replace(old, new))
    return [f"{error.where}: {error.problem}" for error in caught.value.errors]


def test_boards_and_kit_are_read():
    site = load()
    board, far = site.devices["board"].board, site.devices["far"].board
    assert (board.bus, board.unit, board.pulse, board.pulse_register) == ("riser", 1, PulseEnd.REGISTER, 100)
    assert (far.pulse, far.watchdog_seconds, far.watchdog_register) == (PulseEnd.WATCHDOG, 2.0, None)
    assert board.windows == WINDOWS
    assert site.doors["door"].contact.terminal == 256
    assert site.doors["door"].bolt.terminal == 1
    assert not site.devices["board"].secure_channel
    assert site.devices["shed"].kind is DeviceKind.SHELLY
    assert (site.devices["shed"].topic, site.devices["zig"].topic) == ("shed", "zigbee2mqtt/zig")
    assert site.devices["shed"].relocks_itself
    assert (site.buses["riser"].own_wire, site.buses["riser"].poll_seconds) == (True, 0.05)


SENTENCES = [
    ('pulse = "register"\npulse_register = 100', 'pulse = "nothing"', "door.door.lock: nothing on"),
    ("own_wire = true", "own_wire = false", 'door.door.bolt: "far" is reached over a network'),
    ('side = "safe"\nbus = "riser"\naddress = 1', 'side = "safe"\nbus = "riser"\naddress = 300', "300 is out of range"),
    ("baud = 19200", "", "is no address on a network"),
    ("watchdog_seconds = 2", "", 'missing key "watchdog_seconds"'),
    ("watchdog_seconds = 2", "watchdog_seconds = 60", "out of range"),
    ("pulse_register = 100", "pulse_register = 100\nwatchdog_register = 1", 'only a board of `pulse = "watchdog"`'),
    ('device = "board", analogue = 0', 'device = "board", analogue = 0, input = 1', "not at both"),
    ('device = "board", analogue = 0', 'device = "board"', "is a relay board: it numbers its inputs"),
    ('device = "zig" }', 'device = "zig", analogue = 1 }', "is no relay board: it has no analogue registers"),
    ('device = "head"\n', 'device = "board"\n', "reads no cards"),
    ('device = "head"\n', 'device = "shed"\n', "no badge is taken from it"),
    ("relocks_itself = true", 'topic = "elsewhere"', '"elsewhere" is no topic of such a device'),
    ("relocks_itself = true", 'topic = "ostiary/v1"', "is no topic of such a device"),
    ('kind = "shelly"', 'kind = "shelly"\nrelocks_itself = true', "is told with each unlock how long it lasts"),
    ('kind = "shelly"', 'kind = "shelly"\ntopic = "head"', "is the name of another user of the broker"),
    ('kind = "shelly"', 'kind = "shelly"\ntopic = "zigbee2mqtt"', "is the name of another user of the broker"),
    ('kind = "shelly"', 'kind = "shelly"\naddress = 1', "a device of kind shelly has no address"),
    ('kind = "shelly"', 'kind = "esphome"', "does not end, should this box die"),
    (
        'device = "shed" }\ncontact',
        'device = "shed" }\nrex = { kind = "unlocks", device = "shed" }\ncontact',
        "its button opens nothing",
    ),
]


@pytest.mark.parametrize(("old", "new", "sentence"), SENTENCES)
def test_what_is_refused_says_why(old, new, sentence):
    errors = refused(old, new)
    assert any(sentence in error for error in errors), errors


def test_a_strike_shares_no_bus_with_a_board_outside():
    outside = (
        '\n[[device]]\nid = "out"\nkind = "modbus"\nside = "attack"\nbus = "riser"\naddress = 2\npulse = "nothing"\n'
    )
    errors = refused("\n[[reader]]", f"{outside}\n[[reader]]")
    assert any('shares the bus "riser" with "out" on the attack side' in error for error in errors)


@pytest.mark.parametrize("device", ["board", "shed", "zig"])
@pytest.mark.parametrize("wire", ["lock", "contact", "rex"])
def test_above_controlled_nothing_hangs_on_the_attack_side_nor_on_consumer_kit(device, wire):
    text = SITE.replace('level = "controlled"', 'level = "limited"')
    text = text[: text.index('[[door]]\nid = "shed-door"')] + text[text.index("[[reader]]") :]
    where = {"lock": "output = 5", "contact": "analogue = 5", "rex": "input = 5"}[wire] if device == "board" else ""
    numbered = f", {where}" if where else ""
    kind = {"lock": 'kind = "fail_secure", ', "contact": "", "rex": 'kind = "shunt_only", '}[wire]
    line = f'{wire} = {{ {kind}device = "{device}"{numbered} }}'
    lines = [row for row in text.splitlines() if not row.startswith(f"{wire} = ")]
    at = lines.index("free_egress = true")
    text = "\n".join([*lines[:at], line, *lines[at:]]) + "\n"
    text = text.replace(
        f'id = "{device}"\nkind = "{KINDS[device]}"\nside = "safe"',
        f'id = "{device}"\nkind = "{KINDS[device]}"\nside = "attack"',
    )
    with pytest.raises(SiteErrors) as caught:
        load(text)
    told = [f"{error.where}: {error.problem}" for error in caught.value.errors]
    assert any(each.startswith(f'door.door.{wire}: "{device}" hangs on the attack side') for each in told), told
    if device != "board":
        assert any(each.startswith(f'door.door.{wire}: "{device}" is consumer kit') for each in told), told


KINDS = {"board": "modbus", "shed": "shelly", "zig": "zigbee2mqtt"}


def test_consumer_kit_is_never_the_only_way_out():
    text = SITE.replace(
        'contact = { device = "zig" }\nfree_egress = true', 'contact = { device = "zig" }\nfree_egress = false'
    )
    with pytest.raises(SiteErrors) as caught:
        load(text)
    assert any("the only way out would hang on consumer kit" in error.problem for error in caught.value.errors)


def test_a_watchdog_never_closes_a_barrier_over_a_car():
    gate = SITE.replace('name = "Door"\n', 'name = "Door"\nkind = "barrier"\nloop = { device = "far", input = 2 }\n')
    assert load(gate)
    errors = refused('device = "board", output = 0', 'device = "far", output = 0', gate)
    assert any("would close a barrier over a car" in error for error in errors)


def test_windows_are_whole_and_apart():
    good = "windows = { normal = [100, 200], active = [300, 400], shorted = [0, 50], open_loop = [900, 1023] }"
    at = "pulse_register = 100"
    site = load(SITE.replace(at, f"{at}\n{good}"))
    assert site.devices["board"].board.windows[PointCondition.NORMAL] == (100, 200)
    assert any("overlap" in error for error in refused(at, f"{at}\n{good.replace('[300, 400]', '[200, 400]')}"))
    assert any("says nothing of" in error for error in refused(at, f"{at}\nwindows = {{ normal = [1, 2] }}"))
    assert any("is no window" in error for error in refused(at, f"{at}\n{good.replace('[300, 400]', '[400, 300]')}"))


def test_a_bus_that_cannot_look_often_enough_is_refused():
    site = load()
    assert 0 < round_seconds(site, site.buses["riser"]) < 0.05
    assert round_seconds(site, site.buses["net"]) == 0.0
    boards = "".join(
        f'[[device]]\nid = "b{n}"\nkind = "modbus"\nside = "safe"\nbus = "riser"\naddress = {n}\npulse = "nothing"\n'
        f'[[point]]\nid = "p{n}"\nname = "P"\nzone = "inside"\nkind = "pir"\ndevice = "b{n}"\nanalogue = 15\n'
        for n in range(2, 12)
    )
    errors = refused("\n[[reader]]", f"\n{boards}\n[[reader]]")
    assert any("bus.riser.baud: looking at all of its boards once takes" in error for error in errors)


def test_two_boards_do_not_share_an_address_and_no_register_serves_twice():
    twice = SITE.replace('bus = "net"\naddress = 1', 'bus = "riser"\naddress = 1')
    with pytest.raises(SiteErrors) as caught:
        load(twice)
    assert any('address 1 on bus "riser" is used twice' in error.problem for error in caught.value.errors)
    errors = refused('bolt = { device = "far", input = 1 }', 'bolt = { device = "board", analogue = 0 }')
    assert any('analogue register 0 of "board" is used twice' in error for error in errors)


def test_a_changed_bus_is_told():
    assert compare(load(), load(SITE.replace("baud = 19200", "baud = 38400"))) == [
        "bus riser: baud now 38400 (was 19200)"
    ]


RECORDER = """
[[device]]
id = "nvr-yard"
kind = "frigate"
side = "safe"
topic = "frigate/yard"

[[point]]
id = "yard"
name = "Yard"
zone = "inside"
kind = "pir"
device = "nvr-yard"
"""


def test_a_recorder_s_camera_is_a_point_and_nothing_else():
    site = load(SITE + RECORDER)
    assert site.devices["nvr-yard"].topic == "frigate/yard"
    assert site.points["yard"].input.device == "nvr-yard"
    assert load(SITE + RECORDER.replace('topic = "frigate/yard"', "")).devices["nvr-yard"].topic == "frigate/nvr-yard"
    assert "frigate" in mqtt_devices(site)
    contact = SITE.replace('contact = { device = "zig" }', 'contact = { device = "nvr-yard" }')
    siren = '\n[[output]]\nid = "o"\nname = "O"\nkind = "relay"\ndevice = "nvr-yard"\n'
    for text, where in ((contact + RECORDER, "door.shed-door.contact"), (SITE + RECORDER + siren, "output.o.device")):
        with pytest.raises(SiteErrors) as caught:
            load(text)
        assert [error.where for error in caught.value.errors if "is a recorder" in error.problem] == [where]
    with pytest.raises(SiteErrors) as caught:
        load(SITE + RECORDER.replace("topic", "relocks_itself = true\ntopic"))
    assert any("a recorder locks nothing" in str(error) for error in caught.value.errors)


def test_consumer_kit_asks_for_its_certificates_under_the_names_it_signs_in_by():
    assert mqtt_devices(load()) == ["head", "shed", "zigbee2mqtt"]
