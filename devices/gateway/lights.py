"""What a reader shows for each outcome, in OSDP's terms."""

from __future__ import annotations

from collections.abc import Mapping

from controller.domain.effects import Light
from devices.osdp.commands import Color

LIGHTS: Mapping[Light, tuple[Color, int, int]] = {
    Light.GRANTED: (Color.GREEN, 30, 1),
    Light.DENIED: (Color.RED, 20, 3),
    Light.ENTER_PIN: (Color.AMBER, 150, 1),
    Light.LOOK_AT_CAMERA: (Color.BLUE, 150, 1),
    Light.TURN_LEFT: (Color.BLUE, 150, 2),
    Light.TURN_RIGHT: (Color.BLUE, 150, 3),
    Light.CLOSE_EYES: (Color.BLUE, 150, 4),
    Light.WAIT: (Color.CYAN, 150, 1),
    Light.NEXT_BADGE: (Color.MAGENTA, 150, 2),
    Light.IDLE: (Color.BLACK, 1, 0),
}
"""Colour, how long in tenths of a second, and how many beeps."""
