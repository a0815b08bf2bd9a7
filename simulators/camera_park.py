"""`ostiary-sim cameras`: many cameras by themselves, by RTSP and ONVIF, obeying hands in JSON lines on stdin."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from simulators.camera import Cameras
from simulators.camera_orders import Verb, camera_orders
from simulators.encoding import Codec, Format
from simulators.onvif import GROUP, Discovery, OnvifCamera
from simulators.onvif_head import OnvifHead
from simulators.secrets_of import USER, camera_logins


@dataclass(frozen=True, slots=True)
class Park:
    """How many cameras, where, and what their streams are like: the small one is at most 640 pixels wide.

    ``onvif``: the port of the first one's ONVIF service, those of the others follow (0: any; None: they have none).
    ``turning``: so many of them have a head. ``discovery``: where they hear probes; None: at the multicast group.
    """

    count: int
    port: int
    large: Format
    data: Path
    host: str = "127.0.0.1"
    onvif: int | None = None
    turning: int = 0
    discovery: tuple[str, int] | None = None

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


def place_of(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`. ValueError for anything else."""
    host, _, port = text.rpartition(":")
    if not host:
        raise ValueError(f"{text!r} is no HOST:PORT")
    return host, int(port)


async def run(
    park: Park, messages: AsyncIterator[dict[str, object]], say: Callable[[Mapping[str, object]], None]
) -> None:
    """Stand until the messages end; say once where each camera is, and answer each hand with the ground truth.

    Their passwords are in the data folder's `cameras.json`, and made where they are missing, as for a building's.
    ONVIF takes the same ones.
    """
    logins = camera_logins(park.data, park.names)
    cameras = Cameras(
        park.names, username=USER, password="", host=park.host, port=park.port, large=park.large, small=park.small
    )
    for name in park.names:
        cameras.set_password(name, logins[name][1])
    heads = {name: OnvifHead(looks=_turned(cameras, name)) for name in park.names[: park.turning]}
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(cameras)
        services = await _services(park, cameras, heads, stack)
        say({"ready": {name: _places(cameras, name, services.get(name)) for name in park.names}})
        orders = {**camera_orders(lambda _: cameras), "aim": _aim(heads)}
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


async def _services(
    park: Park, cameras: Cameras, heads: Mapping[str, OnvifHead], stack: contextlib.AsyncExitStack
) -> dict[str, OnvifCamera]:
    """Open each camera's ONVIF service, and one ear for probes to all of them; they end with the stack."""
    if park.onvif is None:
        return {}
    services = {}
    for number, name in enumerate(park.names):
        port = park.onvif + number if park.onvif else 0
        service = OnvifCamera(
            cameras, name, USER, None, host=park.host, port=port, discovery=None, head=heads.get(name)
        )
        services[name] = await stack.enter_async_context(service)
    ear = Discovery(list(services.values()), park.discovery or GROUP, park.host)
    await ear.start()
    stack.callback(ear.stop)
    return services


def _places(cameras: Cameras, name: str, service: OnvifCamera | None) -> dict[str, str]:
    streams = {"url": cameras.url(name), "small_url": cameras.url(name, small=True)}
    return streams if service is None else {**streams, "onvif": service.address}


def _turned(cameras: Cameras, name: str) -> Callable[[bool], None]:
    """Return what shows in a camera's picture that its head was turned, and turned back."""
    return lambda as_at_first: cameras.clear(name) if as_at_first else cameras.turn(name)


def _aim(heads: Mapping[str, OnvifHead]) -> Verb:
    """Return the verb that tells where a head looks."""

    async def aim(said: Mapping[str, str]) -> dict[str, object]:
        return asdict(heads[said["camera"]].aim)

    return aim
