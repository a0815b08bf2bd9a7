"""A Home Assistant that may look at doors, and perhaps ask for something."""

from __future__ import annotations

from dataclasses import dataclass

from controller.domain.ids import DoorId


@dataclass(frozen=True, slots=True)
class HomeAssistant:
    """``name``: its certificate's, and the operator it orders as. ``orders``: those of ``doors`` it may order about."""

    name: str
    doors: tuple[DoorId, ...]
    orders: frozenset[DoorId]
