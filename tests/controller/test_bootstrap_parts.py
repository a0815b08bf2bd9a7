"""What a box is put together from: its keys, and who carries which effect."""

from __future__ import annotations

import gc
import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from controller.bootstrap import Box, MissingKey, Ports, camera_access, osdp_keys, write_private
from controller.domain.effects import AskFace, Light, Release, Relock, SetOutput, Signal, StopFace, Unlock
from controller.domain.site import DeviceKind
from controller.site.loader import load_site
from controller.store.secret_files import SecretFiles
from controller.switchboard import Switchboard
from tests.scenarios.test_crash import SITE as ONE_DOOR

SITE = load_site(Path(__file__).parents[2] / "tests" / "embassy" / "embassy.toml")
SECURED = [d.id for d in SITE.devices.values() if d.kind is DeviceKind.OSDP and d.secure_channel]


class Gateway:
    def __init__(self):
        self.posted = []

    def post(self, effect):
        self.posted.append(effect)


def test_each_effect_goes_to_the_wire_of_its_device():
    lines, boards, broker, eyes = Gateway(), Gateway(), Gateway(), Gateway()
    switchboard = Switchboard()
    switchboard.post(Relock("lobby-door"))  # no wires yet: carried nowhere
    switchboard.plug_in(SITE, lines, boards, broker, eyes)
    on_lines = [Unlock("lobby-door", "r", 5.0, 1.0), Release("chancery-door", 5.0), Signal("lobby-in", Light.DENIED)]
    on_broker = [Unlock("main-gate", "r", 5.0, 1.0), Relock("comms-door"), Signal("lobby-out", Light.GRANTED)]
    on_eyes = [AskFace("r", "cam-server", "p-1", 1.0), StopFace("r")]
    for effect in (*on_lines, *on_broker, *on_eyes):
        switchboard.post(effect)
    assert (lines.posted, broker.posted, eyes.posted) == (on_lines, on_broker, on_eyes)


def test_what_a_policy_brings_is_not_posted_to_wires_that_do_not_know_it_nor_to_wires_that_stop():
    lines, boards, broker, eyes = Gateway(), Gateway(), Gateway(), Gateway()
    switchboard = Switchboard()
    switchboard.plug_in(SITE, lines, boards, broker, eyes)
    for effect in (Relock("new-door"), Signal("new-reader", Light.DENIED), SetOutput("new-siren", on=True)):
        switchboard.post(effect)
    switchboard.unplug()
    switchboard.post(Unlock("lobby-door", "r", 5.0, 1.0))
    switchboard.post(StopFace("r"))
    assert (lines.posted, broker.posted, eyes.posted) == ([], [], [StopFace("r")])


def test_keys_are_read_for_every_secured_device(tmp_path):
    keys = {device: os.urandom(16) for device in SECURED}
    write_private(tmp_path / "osdp-keys.json", {device: key.hex() for device, key in keys.items()})
    assert osdp_keys(SecretFiles(tmp_path), SITE) == keys
    assert stat.S_IMODE((tmp_path / "osdp-keys.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is missing"),
        ("{", "is no JSON"),
        ("[]", "must hold one JSON object"),
        ("{}", "needs a key of 32 hexadecimal digits"),
        (json.dumps(dict.fromkeys(SECURED, "00")), "needs a key of 32 hexadecimal digits"),
        (json.dumps(dict.fromkeys(SECURED, 7)), "needs a key of 32 hexadecimal digits"),
        (json.dumps(dict.fromkeys(SECURED, "zz" * 16)), "needs a key of 32 hexadecimal digits"),
    ],
)
def test_a_reader_without_its_key_is_a_sentence(tmp_path, content, said):
    if content is not None:
        (tmp_path / "osdp-keys.json").write_text(content)
    with pytest.raises(MissingKey, match=said):
        osdp_keys(SecretFiles(tmp_path), SITE)


def test_cameras_are_reached_as_the_box_says(tmp_path):
    assert camera_access(SecretFiles(tmp_path), SITE, {})["cam-lobby"].url == SITE.cameras["cam-lobby"].url
    write_private(tmp_path / "cameras.json", {"cam-lobby": {"username": "ostiary", "password": "hunter2"}})
    access = camera_access(SecretFiles(tmp_path), SITE, {"cam-lobby": "rtsp://192.0.2.1/x"})["cam-lobby"]
    assert (access.url, access.username, access.password) == ("rtsp://192.0.2.1/x", "ostiary", "hunter2")
    two = replace(SITE.cameras["cam-lobby"], small_url="rtsp://192.0.2.1/sub")
    site = replace(SITE, cameras={two.id: two})
    assert camera_access(SecretFiles(tmp_path), site, {})["cam-lobby"].small_url == "rtsp://192.0.2.1/sub"
    assert camera_access(SecretFiles(tmp_path), site, {two.id: "rtsp://192.0.2.1/x"})["cam-lobby"].small_url == ""
    (tmp_path / "cameras.json").write_text('{"cam-lobby": "hunter2"}')
    with pytest.raises(MissingKey, match="camera cam-lobby needs"):
        camera_access(SecretFiles(tmp_path), SITE, {})


@pytest.mark.anyio
async def test_what_the_start_built_is_no_business_of_the_garbage_collector_and_turns_are_short(tmp_path):
    usual, file = sys.getswitchinterval(), tmp_path / "site.toml"
    file.write_text(ONE_DOOR)
    async with Box(tmp_path / "box", file, Ports(console=False, plain_http=True)):
        assert gc.get_freeze_count() > 0
        assert sys.getswitchinterval() == pytest.approx(0.0005)
    assert gc.get_freeze_count() == 0
    assert sys.getswitchinterval() == usual
