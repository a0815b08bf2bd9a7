"""The hand: everything a person can do in the building, and how long a bolt took to let go. Times are monotonic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from controller.domain.ids import DeviceId
from simulators.badges import Badge
from simulators.building import Building
from simulators.camera_orders import camera_orders
from simulators.detector import LoopState
from simulators.door import Door
from simulators.gates import Barrier, Turnstile, Way
from simulators.reader import Reader
from simulators.relay_board import RelayBoard
from simulators.wire_orders import wire_orders

LOOK_SECONDS = 0.005
OPEN_LOOP = 3
"""How our modules tell a wire that was cut."""

PATIENCE_SECONDS = 1.5
"""How long a hand waits for a door before it counts as shut, unless told otherwise."""


class UnknownVerb(ValueError):
    """No hand can do that; the sentence says what it can do, or what is missing."""


async def until(condition: Callable[[], bool], within: float) -> bool:
    """Wait until something is true of the building; return whether it came true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True


async def released(door: Door, since: float, within: float = PATIENCE_SECONDS) -> float | None:
    """Wait for the bolt to let go at or after `since`; return the milliseconds it took, or None."""
    if not await until(lambda: door.truth.released_at[-1:] >= (since,), within):
        return None
    return 1000 * (next(at for at in door.truth.released_at if at >= since) - since)


class Hand:
    """The verbs. KeyError for a reader, door, camera or person that is not there."""

    def __init__(self, building: Building) -> None:
        self._building = building

    def present_card(self, reader: str, person: str) -> float:
        """Hold a person's badge to a reader, and return when."""
        return self.present(reader, self._building.badge_of(person))

    def present(self, reader: str, badge: Badge) -> float:
        """Hold any badge to a reader, and return when."""
        head, now = self._building.head(reader), time.monotonic()
        head.present_card(badge.bit_count, badge.raw)
        return now

    def type_pin(self, reader: str, digits: str) -> float:
        """Type digits and press enter, and return when."""
        head, now = self._building.head(reader), time.monotonic()
        head.type_pin(f"{digits}#" if isinstance(head, Reader) else digits)
        return now

    def push(self, door: str) -> bool:
        """Push a door and go in; return whether it gave way."""
        return self._building.door(door).push(time.monotonic())

    def leave(self, door: str) -> None:
        """Go out by the inner handle."""
        self._building.door(door).leave(time.monotonic())

    def close(self, door: str) -> None:
        """Close a door."""
        self._building.door(door).close(time.monotonic())

    def prop(self, door: str) -> bool:
        """Go in and put a wedge under the door; return whether it gave way."""
        return self._building.door(door).prop(time.monotonic())

    def force_open(self, door: str) -> None:
        """Break a door open."""
        self._building.door(door).force_open(time.monotonic())

    def press_rex(self, door: str) -> float:
        """Press the exit button, and return when."""
        now = time.monotonic()
        self._building.door(door).press_rex(now)
        return now

    def turn_key(self, door: str) -> None:
        """Turn the mechanical key of a door and hold it."""
        self._building.door(door).turn_key(time.monotonic())

    def turn_key_back(self, door: str) -> None:
        """Turn the key back and take it out."""
        self._building.door(door).turn_key_back(time.monotonic())

    def rotate(self, door: str, direction: str) -> bool:
        """Push a turnstile `in` or `out`; return whether it turned. ValueError where nothing turns, or not so."""
        turnstile = self._building.door(door)
        if not isinstance(turnstile, Turnstile):
            raise ValueError(door)  # noqa: TRY004 - which door that is, is a value of the message
        ways: dict[str, Way] = {"in": "in", "out": "out"}
        return turnstile.rotate(ways[direction], time.monotonic())

    def drive_onto_loop(self, door: str) -> bool:
        """Drive under a barrier; return whether the way was open. ValueError for a door that is none."""
        return self._barrier(door).drive_onto_loop(time.monotonic())

    def drive_off_loop(self, door: str) -> None:
        """Drive on. ValueError for a door that is no barrier."""
        self._barrier(door).drive_off_loop(time.monotonic())

    def cut_power(self, door: str) -> None:
        """Cut a lock's supply."""
        self._building.door(door).cut_power(time.monotonic())

    def restore_power(self, door: str) -> None:
        """Give a lock its supply back."""
        self._building.door(door).restore_power(time.monotonic())

    def drain_battery(self, door: str) -> None:
        """Let a lock's battery run low."""
        self._building.door(door).drain_battery(time.monotonic())

    def change_battery(self, door: str) -> None:
        """Give a lock a fresh battery."""
        self._building.door(door).change_battery(time.monotonic())

    def jam(self, door: str) -> None:
        """Make a bolt stick where it is."""
        self._building.door(door).jam(time.monotonic())

    def unjam(self, door: str) -> None:
        """Free a bolt."""
        self._building.door(door).unjam(time.monotonic())

    def _barrier(self, door: str) -> Barrier:
        barrier = self._building.door(door)
        if not isinstance(barrier, Barrier):
            raise ValueError(door)  # noqa: TRY004 - which door that is, is a value of the message
        return barrier

    def unplug(self, reader: str) -> None:
        """Pull a reader's cable."""
        self._building.head(reader).unplug()

    def plug_in(self, reader: str) -> None:
        """Put a reader's cable back."""
        self._building.head(reader).plug_in()

    def count_polls(self, reader: str) -> tuple[int, float]:
        """Return how often an OSDP reader was polled so far, and when last; ValueError on another wire."""
        head = self._building.head(reader)
        if not isinstance(head, Reader):
            raise ValueError(reader)  # noqa: TRY004 - which reader that is, is a value of the message
        return head.polls, head.polled_at

    def tamper(self, reader: str, *, active: bool) -> None:
        """Pull a reader off the wall, or put it back."""
        head = self._building.head(reader)
        if isinstance(head, Reader):
            head.tamper(active)
        elif active:
            head.tear_off()
        else:
            head.put_back()

    def fire_alarm(self, fire_zone: str, *, active: bool) -> None:
        """Let the fire panel's contact close, or reset the panel (which mends its line, too)."""
        module, line = self._building.fire_line(fire_zone)
        module.set_input(line, int(active))

    def cut_fire_line(self, fire_zone: str) -> None:
        """Cut the line from the fire panel."""
        module, line = self._building.fire_line(fire_zone)
        module.set_input(line, OPEN_LOOP)

    def trip(self, point: str) -> None:
        """Walk before a detector, or set off whatever else a point senses."""
        self._building.set_loop(point, LoopState.ACTIVE)

    def restore(self, point: str) -> None:
        """Let a point come to rest, its wire mended."""
        self._building.set_loop(point, LoopState.NORMAL)

    def cut_loop(self, point: str) -> None:
        """Cut a point's wire."""
        self._building.set_loop(point, LoopState.OPEN_LOOP)

    def short_loop(self, point: str) -> None:
        """Bridge a point's wire."""
        self._building.set_loop(point, LoopState.SHORTED)

    def cut_wire(self, door: str, sensor: str) -> None:
        """Cut the wire of a door's `contact`, `bolt` or other sensor, on a relay board."""
        self._building.break_wire(door, sensor, LoopState.OPEN_LOOP)

    def short_wire(self, door: str, sensor: str) -> None:
        """Bridge that wire."""
        self._building.break_wire(door, sensor, LoopState.SHORTED)

    def mend_wire(self, door: str, sensor: str) -> None:
        """Mend that wire."""
        self._building.break_wire(door, sensor, LoopState.NORMAL)

    def board(self, board: str) -> RelayBoard:
        """Return a relay board, to be unplugged, frozen or switched by hand."""
        return self._building.boards[DeviceId(board)]

    def show_face(self, camera: str, face: str) -> None:
        """Step before a camera."""
        self._building.show_face(camera, face)

    def clear_face(self, camera: str) -> None:
        """Step aside."""
        self._building.camera(camera).clear(camera)


class Orders:
    """Verbs by message: `{"verb": "present_card", "reader": "lobby-in", "person": "p-003"}`.

    `within` (seconds) says how long to wait for the door. The answer repeats the verb and tells what really happened:
    `energised` and `ms` where a bolt could let go, `open` where a leaf could move, `polls` and `at` where polls count.
    """

    def __init__(self, building: Building) -> None:
        self._building = building
        self._hand = Hand(building)
        self._verbs: dict[str, Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]] = {
            "present_card": self._present_card,
            "type_pin": self._type_pin,
            "press_rex": self._press_rex,
            "push": self._push,
            "prop": self._prop,
            "close": self._close,
            "leave": self._leave,
            "force_open": self._force_open,
            "turn_key": self._at_door(self._hand.turn_key),
            "turn_key_back": self._at_door(self._hand.turn_key_back),
            "rotate": self._rotate,
            "drive_onto_loop": self._drive_onto_loop,
            "drive_off_loop": self._at_door(self._hand.drive_off_loop),
            "cut_power": self._at_door(self._hand.cut_power),
            "restore_power": self._at_door(self._hand.restore_power),
            "battery_low": self._at_door(self._hand.drain_battery),
            "battery_changed": self._at_door(self._hand.change_battery),
            "unplug": self._at_reader(self._hand.unplug),
            "plug_in": self._at_reader(self._hand.plug_in),
            "tamper": self._tamper,
            "count_polls": self._count_polls,
            "fire_alarm": self._fire_alarm,
            "cut_fire_line": self._cut_fire_line,
            "trip": self._at_point(self._hand.trip),
            "restore": self._at_point(self._hand.restore),
            "break_glass": self._at_point(self._hand.trip),
            "press_panic": self._at_point(self._hand.trip),
            "cut_loop": self._at_point(self._hand.cut_loop),
            "short_loop": self._at_point(self._hand.short_loop),
            "listen": self._listen,
            "cut_wire": self._at_wire(self._hand.cut_wire),
            "short_wire": self._at_wire(self._hand.short_wire),
            "mend_wire": self._at_wire(self._hand.mend_wire),
            "unplug_board": self._at_board(RelayBoard.unplug),
            "plug_in_board": self._at_board(RelayBoard.plug_in),
            "freeze_board": self._at_board(RelayBoard.freeze),
            "thaw_board": self._at_board(RelayBoard.thaw),
            "show_face": self._show_face,
            "clear_face": self._clear_face,
            "jam": self._at_door(self._hand.jam),
            "unjam": self._at_door(self._hand.unjam),
            **wire_orders(building),
            **camera_orders(building.camera),
        }

    @property
    def verbs(self) -> tuple[str, ...]:
        """Every verb there is."""
        return tuple(self._verbs)

    async def obey(self, order: Mapping[str, object]) -> dict[str, object]:
        """Do it, and return the ground truth. Raises UnknownVerb for a verb or a thing that is not there."""
        said = {name: str(value) for name, value in order.items()}
        verb = self._verbs.get(said.get("verb", ""))
        if verb is None:
            raise UnknownVerb(f"unknown verb {said.get('verb', '')!r}: use one of {', '.join(self._verbs)}")
        try:
            return {**order, **await verb(said)}
        except (KeyError, ValueError) as error:
            raise UnknownVerb(f"{said['verb']}: {error.args[0]!r} is missing or not there") from error

    async def _present_card(self, said: Mapping[str, str]) -> dict[str, object]:
        at = self._hand.present_card(said["reader"], said["person"])
        return await self._judge(self._building.door_at(said["reader"]), at, said)

    async def _type_pin(self, said: Mapping[str, str]) -> dict[str, object]:
        at = self._hand.type_pin(said["reader"], said["digits"])
        return await self._judge(self._building.door_at(said["reader"]), at, said)

    async def _press_rex(self, said: Mapping[str, str]) -> dict[str, object]:
        return await self._judge(self._building.door(said["door"]), self._hand.press_rex(said["door"]), said)

    async def _push(self, said: Mapping[str, str]) -> dict[str, object]:
        return await self._moved(said, went_in=self._hand.push(said["door"]))

    async def _prop(self, said: Mapping[str, str]) -> dict[str, object]:
        return await self._moved(said, went_in=self._hand.prop(said["door"]))

    async def _leave(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.leave(said["door"])
        return await self._moved(said)

    async def _force_open(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.force_open(said["door"])
        return await self._moved(said)

    async def _close(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.close(said["door"])
        return await self._moved(said)

    async def _rotate(self, said: Mapping[str, str]) -> dict[str, object]:
        return {"turned": self._hand.rotate(said["door"], said["direction"])}

    async def _drive_onto_loop(self, said: Mapping[str, str]) -> dict[str, object]:
        return {"way_open": self._hand.drive_onto_loop(said["door"])}

    async def _tamper(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.tamper(said["reader"], active=said.get("active", "True") == "True")
        return {}

    async def _count_polls(self, said: Mapping[str, str]) -> dict[str, object]:
        polls, at = self._hand.count_polls(said["reader"])
        return {"polls": polls, "at": at}

    async def _fire_alarm(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.fire_alarm(said["fire_zone"], active=said.get("active", "True") == "True")
        return {}

    async def _cut_fire_line(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.cut_fire_line(said["fire_zone"])
        return {}

    async def _show_face(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.show_face(said["camera"], said["face"])
        return {}

    async def _clear_face(self, said: Mapping[str, str]) -> dict[str, object]:
        self._hand.clear_face(said["camera"])
        return {}

    def _at_door(self, act: Callable[[str], None]) -> Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]:
        async def do(said: Mapping[str, str]) -> dict[str, object]:
            act(said["door"])
            state = self._building.door(said["door"]).state
            return {"open": state.leaf_open, "locked": state.secured}

        return do

    async def _listen(self, said: Mapping[str, str]) -> dict[str, object]:
        """Whether an output sounds, awaited for a while."""
        within = float(said.get("within", PATIENCE_SECONDS))
        return {"sounds": await until(lambda: self._building.sounds(said["output"]), within)}

    def _at_point(self, act: Callable[[str], None]) -> Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]:
        async def do(said: Mapping[str, str]) -> dict[str, object]:
            act(said["point"])
            return {}

        return do

    def _at_wire(self, act: Callable[[str, str], None]) -> Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]:
        async def do(said: Mapping[str, str]) -> dict[str, object]:
            act(said["door"], said["sensor"])
            return {}

        return do

    def _at_board(
        self, act: Callable[[RelayBoard], None]
    ) -> Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]:
        async def do(said: Mapping[str, str]) -> dict[str, object]:
            act(self._hand.board(said["board"]))
            return {}

        return do

    def _at_reader(self, act: Callable[[str], None]) -> Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]:
        async def do(said: Mapping[str, str]) -> dict[str, object]:
            act(said["reader"])
            return {}

        return do

    async def _judge(self, door: Door, since: float, said: Mapping[str, str]) -> dict[str, object]:
        took = await released(door, since, float(said.get("within", PATIENCE_SECONDS)))
        return {"energised": took is not None, "ms": took}

    async def _moved(self, said: Mapping[str, str], **told: bool) -> dict[str, object]:
        """Wait until the leaf has come to rest, and tell where."""
        door = self._building.door(said["door"])
        await until(lambda: door.state.leaf_arrives is None, PATIENCE_SECONDS)
        return {**told, "open": door.state.leaf_open}
