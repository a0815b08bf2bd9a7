"""``head`` of a camera: what it says, and the sentence for everything that is wrong in it."""

from __future__ import annotations

import pytest

from controller.domain.heads import Head, HeadDriver
from controller.domain.operators import Role
from controller.domain.points import Sight, SightKind
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site

SECOND = """
[[camera]]
id = "cam-yard"
name = "Yard"
zone = "forecourt"
position = [10, 10]
url = "rtsp://10.0.7.22:554/main"
purpose = "The yard"
view = "The yard"
legal_basis = "Article 22"
retention_days = 1
masks = []
"""
ONVIF = 'driver = "onvif", port = "10.0.7.21:80"'
PELCO = 'driver = "pelco_d", port = "/dev/ttyUSB2", address = 3'


def with_heads(embassy: str, first: str, second: str | None = None) -> str:
    """The embassy's file and two cameras more, the first with this head, the second maybe with that."""
    one = SECOND.replace("cam-yard", "cam-street").replace("[10, 10]", "[20, 10]")
    other = "" if second is None else f"head = {{ {second} }}"
    return f"{embassy}{one}head = {{ {first} }}\n{SECOND}{other}\n"


def read(text: str):
    return parse_site(text.encode(), "site.toml")


def refused(text: str) -> list[str]:
    with pytest.raises(SiteErrors) as caught:
        read(text)
    return [str(error) for error in caught.value.errors]


def test_a_head_by_onvif_knows_its_presets(embassy):
    said = f'{ONVIF}, presets = {{ 1 = "Door", 12 = "Street" }}, home = 1, home_after = 60, turned_by = ["guard"]'
    head = read(with_heads(embassy, said)).cameras["cam-street"].head
    presets = {1: "Door", 12: "Street"}
    assert head == Head(
        HeadDriver.ONVIF, "10.0.7.21:80", presets, home=1, home_after=60.0, turned_by=frozenset({Role.GUARD})
    )


def test_heads_on_one_serial_device_have_an_address_each(embassy):
    site = read(with_heads(embassy, PELCO, PELCO.replace("3", "4")))
    assert site.cameras["cam-yard"].head == Head(HeadDriver.PELCO_D, "/dev/ttyUSB2", {}, address=4, baud=2_400)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ('driver = "visca", port = "x:1"', None, 'unknown word "visca"'),
        ('driver = "onvif"', None, 'missing key "port"'),
        ('driver = "onvif", port = "camera"', None, '"camera" is no address'),
        ('driver = "pelco_d", port = "/dev/x"', None, 'missing key "address"'),
        (f"{ONVIF}, address = 3", None, "only a head on a serial device has one"),
        (f"{ONVIF}, baud = 2400", None, "only a head on a serial device has one"),
        (PELCO.replace("= 3", "= 256"), None, "256 is out of range"),
        (f"{PELCO}, baud = 1200", None, "1200 is not one of the usual values"),
        (f"{ONVIF}, colour = 1", None, 'unknown key "colour"'),
        (f'{ONVIF}, presets = {{ 0 = "x" }}', None, "0 is out of range"),
        (f'{ONVIF}, presets = {{ 256 = "x" }}', None, "256 is out of range"),
        (f'{ONVIF}, presets = {{ door = "x" }}', None, "wrong type: a whole number is asked for"),
        (f"{ONVIF}, home_after = 60", None, "it has no place to go back to"),
        (f'{ONVIF}, presets = {{ 1 = "a" }}, home = 1, home_after = 9', None, "9 seconds is out of range"),
        (f'{ONVIF}, presets = {{ 1 = "a" }}, home = 2', None, "there is no preset 2 to go home to"),
        (f'{ONVIF}, presets = {{ 1 = "Door", 2 = "door" }}', None, "preset 1 goes by the name of another one"),
        (f'{ONVIF}, turned_by = ["guard", "auditor"]', None, '"auditor" never turns a camera'),
        (ONVIF, ONVIF, 'is the head of camera "cam-street" as well'),
        (PELCO, PELCO, 'is the head of camera "cam-street" as well'),
        (PELCO, f"{PELCO}, baud = 4800", 'is the head of camera "cam-street" as well'),
        (PELCO, f"{PELCO.replace('= 3', '= 4')}, baud = 4800", "speaks at 2400 on the same wire"),
    ],
)
def test_what_is_wrong_is_said(embassy, first, second, said):
    errors = refused(with_heads(embassy, first, second))
    assert any(said in error for error in errors), errors


@pytest.mark.parametrize("kind", ['"veil"', '"burnt", by = "box"'])
def test_a_mask_that_this_box_paints_cannot_follow_a_head(embassy, kind):
    shape = "[[0, 0], [1, 0], [1, 1]]"
    masked = with_heads(embassy, ONVIF).replace(
        "masks = []", f'masks = [{{ name = "Flat", kind = {kind}, shape = {shape} }}]'
    )
    assert any('the mask "Flat" would hide something else' in error for error in refused(masked))
    by_camera = with_heads(embassy, ONVIF).replace(
        "masks = []", 'masks = [{ name = "Flat", kind = "burnt", by = "camera" }]'
    )
    assert read(by_camera).cameras["cam-street"].head is not None


def test_a_readers_line_carries_no_head(embassy):
    line = next(iter(read(embassy).lines.values()))
    errors = refused(with_heads(embassy, PELCO.replace("/dev/ttyUSB2", line.port)))
    assert any(f'line "{line.id}" hangs there' in error for error in errors), errors


def test_a_changed_head_is_told_by_what_changed(embassy):
    base = f'{ONVIF}, presets = {{ 1 = "Door", 2 = "Street" }}, home = 1'
    before = read(with_heads(embassy, base))
    after = read(with_heads(embassy, base.replace("Street", "Gate") + ', home_after = 60, turned_by = ["technician"]'))
    assert compare(before, after) == [
        "camera cam-street, head, 2: presets now Gate (was Street)",
        "camera cam-street, head: home after now 60 (was 120)",
        "camera cam-street, head: turned by technician (was everybody whose role does)",
    ]
    still = read(f"{embassy}{SECOND.replace('cam-yard', 'cam-street').replace('[10, 10]', '[20, 10]')}{SECOND}")
    (said,) = compare(still, before)
    whole = "driver onvif port 10.0.7.21:80 presets 1 Door, 2 Street home 1 home_after 120"
    assert said == f"camera cam-street: head now {whole} (was none)"


def test_who_watches_a_camera_is_told_where_nobody_was_named_before(embassy):
    named = read(embassy + SECOND + 'live = ["guard"]\nplayback = []\n')
    assert compare(read(embassy + SECOND), named) == [
        "camera cam-yard: watched by guard (was everybody whose role does)",
        "camera cam-yard: played back by nobody (was everybody whose role does)",
    ]


POINT = """
[[point]]
id = "stirs"
name = "Yard"
zone = "forecourt"
kind = "camera"
camera = "cam-yard"
sees = "told"
"""


def test_a_camera_that_tells_of_motion_is_asked_at_its_onvif_service(embassy):
    own = f'{embassy}{SECOND}onvif = "10.0.7.22:80"\n{POINT}'
    site = read(own)
    assert site.sights["stirs"] == Sight("cam-yard", SightKind.TOLD, ())
    assert site.cameras["cam-yard"].onvif == "10.0.7.22:80"
    assert read(f"{embassy}{SECOND}head = {{ {ONVIF} }}\n{POINT}").sights, "its head is asked there already"
    for text, said in (
        (f"{embassy}{SECOND}{POINT}", 'nobody knows where "cam-yard" is asked'),
        (f"{embassy}{SECOND}head = {{ {PELCO} }}\n{POINT}", 'nobody knows where "cam-yard" is asked'),
        (own.replace(":80", ""), '"10.0.7.22" is no address'),
        (own + "shape = [[0, 0], [1, 0], [1, 1]]\n", "the camera looks by itself"),
        (own + 'confirm = "people"\n', "the camera looks by itself"),
    ):
        errors = refused(text)
        assert any(said in error for error in errors), errors
