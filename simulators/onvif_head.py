"""The head of a simulated ONVIF camera (PTZ service): orders become Pelco-D inside, as in many a dome."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from devices.pelco_d import TOP_SPEED, GoToPreset, Message, Motion, SetPreset, encode
from simulators.camera_head import Aim, CameraHead

PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
CONFIGURATION = (
    '<tt:PTZConfiguration token="head"><tt:Name>head</tt:Name><tt:UseCount>1</tt:UseCount>'
    "<tt:NodeToken>node</tt:NodeToken></tt:PTZConfiguration>"
)
_ADDRESS = 1
_SECONDS = re.compile(r"PT(?:(\d+)M)?(?:([\d.]+)S)?")

Answers = Mapping[str, Callable[[Any], str]]


class OnvifHead:
    """What turns the camera. ``aim`` and ``presets`` (by name) are the ground truth.

    ``keeps_time`` False: it goes on turning when the time it was told is over, as some do until they are told to stop.
    ``looks`` is called after each order with whether it looks where it did at first.
    """

    def __init__(self, *, keeps_time: bool = True, looks: Callable[[bool], None] = lambda _: None) -> None:
        self.keeps_time = keeps_time
        self._head = CameraHead(_ADDRESS)
        self._names: dict[int, str] = {}
        self._looks = looks
        self._ends: asyncio.TimerHandle | None = None

    @property
    def aim(self) -> Aim:
        """Where it looks now."""
        return self._head.aim(time.monotonic())

    @property
    def presets(self) -> dict[str, Aim]:
        """What it keeps."""
        return {self._names[number]: aim for number, aim in self._head.presets.items()}

    def answers(self) -> Answers:
        """Return what it does for each question."""
        return {
            "ContinuousMove": self._move,
            "Stop": self._stop,
            "GetPresets": self._listed,
            "GotoPreset": self._go,
            "SetPreset": self._keep,
        }

    def _move(self, asked: Any) -> str:
        velocity = asked.find(f"{{{PTZ}}}Velocity")
        pan_tilt, zoom = velocity.find(f"{{{SCHEMA}}}PanTilt"), velocity.find(f"{{{SCHEMA}}}Zoom")
        pan, tilt = (0.0, 0.0) if pan_tilt is None else (float(pan_tilt.get("x")), float(pan_tilt.get("y")))
        tele = 0.0 if zoom is None else float(zoom.get("x"))
        self._obey(Motion(round(pan * TOP_SPEED), round(tilt * TOP_SPEED), (tele > 0) - (tele < 0)))
        minutes, seconds = _SECONDS.fullmatch(asked.findtext(f"{{{PTZ}}}Timeout")).groups()  # type: ignore[union-attr]
        if self.keeps_time:
            over = 60.0 * int(minutes or 0) + float(seconds or 0)
            self._ends = asyncio.get_running_loop().call_later(over, self._obey, Motion())
        return "<tptz:ContinuousMoveResponse/>"

    def _stop(self, _: Any) -> str:
        self._obey(Motion())
        return "<tptz:StopResponse/>"

    def _listed(self, _: Any) -> str:
        listed = "".join(
            f'<tptz:Preset token="p{number}"><tt:Name>{name}</tt:Name></tptz:Preset>'
            for number, name in self._names.items()
        )
        return f"<tptz:GetPresetsResponse>{listed}</tptz:GetPresetsResponse>"

    def _go(self, asked: Any) -> str:
        self._obey(GoToPreset(self._number(asked)))
        return "<tptz:GotoPresetResponse/>"

    def _keep(self, asked: Any) -> str:
        known = asked.find(f"{{{PTZ}}}PresetToken") is not None
        number = self._number(asked) if known else len(self._names) + 1
        self._names[number] = asked.findtext(f"{{{PTZ}}}PresetName", "")
        self._obey(SetPreset(number))
        return f"<tptz:SetPresetResponse><tptz:PresetToken>p{number}</tptz:PresetToken></tptz:SetPresetResponse>"

    def _number(self, asked: Any) -> int:
        return int(asked.findtext(f"{{{PTZ}}}PresetToken").removeprefix("p"))

    def _obey(self, message: Message) -> None:
        if self._ends is not None:
            self._ends.cancel()
        self._head.receive(encode(_ADDRESS, message), time.monotonic())
        moves = isinstance(message, Motion) and message != Motion()
        self._looks(not moves and self.aim == Aim())
