"""What hands do before cameras and to them: walk by, hold up a photo, cover, turn, smear, cut, freeze, silence."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from simulators import faces
from simulators.camera import Cameras
from simulators.scene import Light
from simulators.walking import through_at

Verb = Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]
Act = Callable[[Cameras, str, Mapping[str, str]], dict[str, object] | None]

MOST_WALKERS = 8
HEADINGS = {"left": 1.0, "right": -1.0, "straight": 0.0}
"""Their own left and right."""


def camera_orders(box_of: Callable[[str], Cameras]) -> dict[str, Verb]:
    """Return the verbs. Each raises KeyError for what is not there, ValueError for a bad word; `box_of` finds a camera.

    Every answer tells `at`, the monotonic second in which it was done: the ground truth of what a camera sees since.
    """

    def ordered(act: Act) -> Verb:
        async def do(said: Mapping[str, str]) -> dict[str, object]:
            at = time.monotonic()
            return {"at": at, **(act(box_of(said["camera"]), said["camera"], said) or {})}

        return do

    return {name: ordered(act) for name, act in _ACTS.items()}


def _walk(box: Cameras, camera: str, said: Mapping[str, str]) -> dict[str, object]:
    people = int(said.get("people", 1))
    if not 0 < people <= MOST_WALKERS:
        raise ValueError(said["people"])
    seconds = box.walk(camera, people)
    return {"seconds": seconds, "through": [through_at(place) for place in range(people)]}


def _hold_photo(box: Cameras, camera: str, said: Mapping[str, str]) -> None:
    if said["face"] not in faces.NAMES:
        raise KeyError(said["face"])
    box.show_face(camera, said["face"], photo=True)


def _simply(act: Callable[[Cameras, str], None]) -> Act:
    """Return an act that takes no more than which camera."""
    return lambda box, camera, _: act(box, camera)


_ACTS: Mapping[str, Act] = {
    "walk": _walk,
    "hold_photo": _hold_photo,
    "turn_head": lambda box, camera, said: box.turn_head(camera, HEADINGS[said["to"]]),
    "close_eyes": _simply(Cameras.close_eyes),
    "open_eyes": lambda box, camera, _: box.close_eyes(camera, closed=False),
    "show_film": lambda box, camera, said: box.show_film(camera, said["path"]),
    "light": lambda box, camera, said: box.light(camera, Light(said["light"])),
    "rain": lambda box, camera, said: box.rain(camera, falls=said.get("falls", "True") == "True"),
    "change_camera_password": lambda box, camera, said: box.set_password(camera, said["password"]),
    "cover_camera": _simply(Cameras.cover),
    "spray_camera": _simply(Cameras.spray),
    "turn_camera": _simply(Cameras.turn),
    "smear_camera": _simply(Cameras.smear),
    "mend_camera": _simply(Cameras.clear),
    "freeze_camera": _simply(Cameras.freeze),
    "thaw_camera": _simply(Cameras.thaw),
    "silence_camera": _simply(Cameras.silence),
    "let_camera_speak": _simply(Cameras.speak),
    "kill_camera": _simply(Cameras.kill),
    "restart_camera": _simply(Cameras.restart),
}
"""Verb by verb; `mend_camera` takes away whatever is before the lens or wrong with where it looks."""
