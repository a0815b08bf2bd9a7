"""Cameras that are talked to, over real SOAP and a real process, judged by where their heads truly look."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from types import SimpleNamespace

import pytest

from simulators.camera import Cameras
from simulators.encoding import Format
from simulators.onvif import OnvifCamera
from simulators.onvif_head import OnvifHead
from vision.messages import LENGTH_BYTES, MessageError
from vision.talking.messages import (
    Fine,
    GoTo,
    Halt,
    Keep,
    Meet,
    Stirred,
    Stop,
    Trouble,
    Turn,
    decode_command,
    decode_value,
    encode_command,
    encode_value,
)
from vision.talking.motion import states
from vision.talking.supervisor import ENDED, TalkSupervisor

PATIENCE = 60.0
LARGE, SMALL = Format(640, 360, 5), Format(320, 180, 5)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        return int(port.getsockname()[1])


class Talk:
    """A supervisor, and what it heard."""

    def __init__(self):
        self.heard = []
        self.supervisor = TalkSupervisor(self.heard.append)

    def post(self, kind, *given):
        late = (time.monotonic() + PATIENCE,) if kind in (Turn, GoTo, Keep) else ()
        self.supervisor.post(kind("lobby", *given, *late))

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - a head rings no bell
                await asyncio.sleep(0.02)

    async def hears(self, *values):
        await self.until(lambda: self.heard[-len(values) :] == list(values))


@contextlib.asynccontextmanager
async def stage(head, password="secret"):
    """A camera with a head, and who talks to it."""
    cameras = Cameras(["lobby"], username="ostiary", password="secret", large=LARGE, small=SMALL)
    where = ("127.0.0.1", free_port())
    async with cameras, OnvifCamera(cameras, "lobby", "ostiary", "secret", discovery=where, head=head) as camera:
        talk = Talk()
        meet = Meet("lobby", f"127.0.0.1:{camera.port}", "ostiary", password, turns=True, motion=True)
        talk.supervisor.post(meet)
        await talk.supervisor.start()
        try:
            yield talk, cameras, camera
        finally:
            await talk.supervisor.stop()


async def turns_and_rests(talk, head):
    began = head.aim
    await talk.until(lambda: head.aim != began)
    await rests(talk, head)


async def rests(talk, head):
    async def still():
        first = head.aim
        await asyncio.sleep(0.15)
        return head.aim == first

    async with asyncio.timeout(PATIENCE):
        while not await still():
            pass


def test_a_head_turns_for_its_time_keeps_presets_and_is_stopped_by_whoever_comes_after_a_crash():
    async def story():
        head = OnvifHead(keeps_time=False)  # it turns on until it is told to stop, as some do
        async with stage(head) as (talk, cameras, camera):
            await talk.until(lambda: Fine("lobby") in talk.heard)
            talk.post(Turn, 0.5, -0.5, 1.0, 0.4)
            await turns_and_rests(talk, head)
            there = head.aim
            assert 5 < there.pan < 355
            assert there.tilt < 0 < there.zoom
            talk.post(Keep, 3, "Street")
            await talk.until(lambda: head.presets == {"Street": there})
            talk.post(Turn, -1.0, 0.0, 0.0, 60.0)
            await talk.until(lambda: head.aim != there)
            talk.post(Halt)
            await rests(talk, head)
            talk.post(GoTo, 3, "street")
            await talk.until(lambda: head.aim == there)
            talk.supervisor.post(Turn("lobby", 1.0, 0.0, 0.0, 60.0, time.monotonic() - 1.0))  # nobody's wish any more
            talk.post(GoTo, 4, "Nowhere")
            await talk.until(lambda: talk.heard[-1] == Trouble("lobby", WHERE))
            assert head.aim == there
            talk.post(Turn, 1.0, 0.0, 0.0, 60.0)
            await talk.hears(Fine("lobby"))
            await talk.until(lambda: head.aim != there)

            os.kill(talk.supervisor.process_id, signal.SIGKILL)
            await talk.until(lambda: Trouble("lobby", ENDED) in talk.heard)
            await talk.until(lambda: Fine("lobby") in talk.heard[talk.heard.index(Trouble("lobby", ENDED)) :])
            await rests(talk, head)  # the next process stopped it, since it keeps no time of its own

            cameras.walk("lobby", 1)
            await talk.until(lambda: talk.heard[-1] == Stirred("lobby", active=True))
            cameras.clear("lobby")
            await talk.until(lambda: talk.heard[-1] == Stirred("lobby", active=False))
            talk.post(Turn, 1.0, 0.0, 0.0, 60.0)
            await talk.until(lambda: head.aim.pan != there.pan)
        await rests(talk, head)
        assert camera.events.subscribed <= 1, "the one of the killed process runs out by itself"

    asyncio.run(story())


WHERE = "it knows no preset 'Nowhere': turn it there, and keep that"


def test_a_camera_that_refuses_us_or_has_no_head_says_so():
    async def story():
        async with stage(OnvifHead(), password="wr0ng") as (talk, _, camera):
            await talk.until(lambda: talk.heard)
            refused = f"127.0.0.1:{camera.port} refused the user name or password"
            assert talk.heard[0] == Trouble("lobby", refused)
        async with stage(None) as (talk, _, _):
            await talk.hears(Trouble("lobby", "it has no head that ONVIF could turn"))

    asyncio.run(story())


def message(topic, **items):
    simple = [SimpleNamespace(Name=name, Value=value) for name, value in items.items()]
    told = SimpleNamespace(Data=SimpleNamespace(SimpleItem=simple))
    return SimpleNamespace(Topic=SimpleNamespace(_value_1=topic), Message=SimpleNamespace(_value_1=told))


@pytest.mark.parametrize(
    ("topic", "items", "said"),
    [
        ("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "true"}, [True]),
        ("tns1:RuleEngine/CellMotionDetector/Motion", {"IsMotion": "0"}, [False]),
        ("tns1:VideoSource/MotionAlarm", {"State": "1"}, [True]),
        ("tns1:RuleEngine/MyRuleDetector/PeopleDetect", {"State": "false"}, [False]),
        ("tns1:RuleEngine/CellMotionDetector/Motion", {"State": "true"}, []),
        ("tns1:Device/Trigger/DigitalInput", {"LogicalState": "true"}, []),
    ],
)
def test_what_cameras_say_of_motion(topic, items, said):
    assert states([message(topic, **items)]) == said


def test_a_message_without_data_says_nothing():
    bare = SimpleNamespace(Topic=SimpleNamespace(_value_1="tns1:VideoSource/MotionAlarm"), Message=None)
    assert states([bare, SimpleNamespace(Topic=None, Message=None)]) == []


def test_commands_and_values_go_and_come_back_and_nonsense_is_refused():
    commands = (Meet("a", "h:1", "u", "p", True, False), Turn("a", 1.0, 0.0, -1.0, 2.0, 3.0), Halt("a"), Stop())
    for command in commands:
        assert decode_command(encode_command(command)[LENGTH_BYTES:]) == command
    for value in (Fine("a"), Trouble("a", "why"), Stirred("a", active=True)):
        assert decode_value(encode_value(value)[LENGTH_BYTES:]) == value
    assert "secret" not in repr(Meet("a", "h:1", "u", "secret", True, True))
    with pytest.raises(MessageError) as refused:
        decode_command(b'{"_type":"Meet","password":"secret"}')
    assert "secret" not in str(refused.value)
    with pytest.raises(MessageError):
        decode_value(b"[]")
