"""The heads of a building's cameras, by Pelco-D on serial lines of their own: the picture turns with them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from controller.domain.heads import Head, HeadDriver
from controller.domain.ids import CameraId
from controller.domain.site import Site
from simulators.bus import PacedBus
from simulators.camera_head import Aim, CameraHead
from simulators.wiring import LinesAre

APART = 40.0
"""Degrees between one place that a head knows and the next."""

Looks = Callable[[CameraId, bool], None]
"""Told whether a camera looks elsewhere than where its head stood at first. Called in the line's thread."""


class Mount(CameraHead):
    """A head with a camera on it, which stands at its home, and knows the places of the site file."""

    def __init__(self, camera: CameraId, built: Head, looks: Looks) -> None:
        super().__init__(built.address or 0)
        places = sorted(built.presets, key=lambda number: (number != built.home, number))
        self.presets |= {number: Aim(pan=APART * place) for place, number in enumerate(places)}
        self._camera, self._looks = camera, looks
        self._aside = False

    def receive(self, received: bytes, now: float) -> list[bytes]:
        """Take bytes from the line; what the camera sees follows each order."""
        answers = super().receive(received, now)
        aside = self.aim(now) != Aim()
        if aside is not self._aside:
            self._aside = aside
            self._looks(self._camera, aside)
        return answers


def mounts_of(site: Site, looks: Looks) -> dict[CameraId, Mount]:
    """Return every head that takes Pelco-D. ONVIF heads are inside of their cameras (`simulators.onvif`)."""
    heads = {camera.id: camera.head for camera in site.cameras.values() if camera.head is not None}
    return {name: Mount(name, head, looks) for name, head in heads.items() if head.driver is HeadDriver.PELCO_D}


def mount_buses_of(site: Site, mounts: Mapping[CameraId, Mount], lines: LinesAre) -> dict[str, PacedBus]:
    """Return the line of each port that the site file names for heads, not started."""
    hung: defaultdict[tuple[str, int], list[Mount]] = defaultdict(list)
    for camera, mount in mounts.items():
        head = site.cameras[camera].head
        if head is not None:
            hung[head.port, head.baud or 0].append(mount)
    return {
        port: PacedBus(mounted, clock=time.monotonic, baud=baud, link=lines.link(port))
        for (port, baud), mounted in hung.items()
    }
