"""`ostiary-sim cameras`: many cameras by themselves, on one port, obeying hands in JSON lines on stdin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from simulators.camera import Cameras
from simulators.camera_orders import camera_orders
from simulators.encoding import Codec, Format
from simulators.secrets_of import USER, camera_logins


@dataclass(frozen=True, slots=True)
class Park:
    """How many cameras, where, and what their streams are like; the small one is a quarter of the large one's width."""

    count: int
    port: int
    large: Format
    data: Path
    host: str = "127.0.0.1"

    @property
    def names(self) -> list[str]:
        """`cam-01` and so on."""
        return [f"cam-{number:02}" for number in range(1, self.count + 1)]

    @property
    def small(self) -> Format:
        """Return what detection looks through: never more than 640 pixels wide."""
        width = min(self.large.width, 640) // 2 * 2
        return Format(width, self.large.height * width // self.large.width // 2 * 2, self.large.fps, self.large.codec)


def format_of(size: str, fps: int, codec: str) -> Format:
    """Read a size as `1280x720`. ValueError for what no encoder takes."""
    width, _, height = size.partition("x")
    found = Format(int(width), int(height), fps, Codec(codec))
    if found.width % 2 or found.height % 2 or not 16 <= found.width <= 7680 or not 16 <= found.height <= 4320:
        raise ValueError(f"no camera has {size} pixels")
    return found


async def run(
    park: Park, messages: AsyncIterator[dict[str, object]], say: Callable[[Mapping[str, object]], None]
) -> None:
    """Stand until the messages end; say once where each camera is, and answer each hand with the ground truth.

    Their passwords are in the data folder's `cameras.json`, and made where they are missing, as for a building's.
    """
    logins = camera_logins(park.data, park.names)
    cameras = Cameras(
        park.names, username=USER, password="", host=park.host, port=park.port, large=park.large, small=park.small
    )
    for name in park.names:
        cameras.set_password(name, logins[name][1])
    async with cameras:
        say(
            {
                "ready": {
                    name: {"url": cameras.url(name), "small_url": cameras.url(name, small=True)} for name in park.names
                }
            }
        )
        orders = camera_orders(lambda _: cameras)
        async for message in messages:
            said = {name: str(value) for name, value in message.items()}
            verb = orders.get(said.get("verb", ""))
            if verb is None:
                say({"error": f"unknown verb {said.get('verb', '')!r}: use one of {', '.join(orders)}"})
                continue
            try:
                say({**message, **await verb(said)})
            except (KeyError, ValueError) as error:
                say({"error": f"{said['verb']}: {error.args[0]!r} is missing or not there"})
