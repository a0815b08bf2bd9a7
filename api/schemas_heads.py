"""What the API says and takes about turning cameras, as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.model import Model
from controller.domain.heads import LONGEST_TURN

Speed = Annotated[float, Field(ge=-1, le=1)]


class PresetOut(Model):
    """A place that a camera's head knows."""

    number: int
    name: str


class HeadOut(Model):
    """A camera's head: its presets, the one it goes home to, and what this operator may do with it.

    ``longest``: the seconds for which one order turns it.
    """

    presets: list[PresetOut]
    home: int | None
    longest: float
    may_turn: bool
    may_keep: bool


class TurnIn(Model):
    """How fast (1: top speed to the right, up, towards tele), and for how many seconds; then it stops by itself."""

    pan: Speed = 0.0
    tilt: Speed = 0.0
    zoom: Speed = 0.0
    seconds: Annotated[float, Field(gt=0, le=LONGEST_TURN)]
