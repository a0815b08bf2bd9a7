"""``head`` of a ``[[camera]]``: what turns it, who may turn it, and the places it knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from controller.domain.filming import MaskKind
from controller.domain.heads import HOME_AFTER, PRESETS, Head, HeadDriver
from controller.domain.ids import CameraId
from controller.domain.operators import TURNS, Role
from controller.domain.site import Site
from controller.site import kinds
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.reading import Reading, Table
from controller.site.wiring import Finding

BAUDS = (2_400, 4_800, 9_600, 19_200)
"""Pelco-D heads come with 2,400 or 4,800, and may be set to the others."""
HIGHEST_ADDRESS = 255
_HOME_SECONDS = kinds.number(10, 3_600, "seconds")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9._-]{1,200}:[0-9]{1,5}", re.ASCII)


def head(table: Table) -> Head:
    """``head = { ... }``: by ONVIF, or by Pelco-D on a serial device."""
    driver = table.need("driver", kinds.word(HeadDriver), '"onvif"', "", HeadDriver.ONVIF)
    serial = driver is HeadDriver.PELCO_D
    if serial:
        port = table.need("port", kinds.text, '"/dev/ttyUSB2"')
        address = table.need("address", kinds.whole(1, HIGHEST_ADDRESS), "1")
        baud = table.want("baud", kinds.one_of(BAUDS), BAUDS[0])
    else:
        port, address, baud = table.need("port", host_and_port, '"10.0.7.21:80"'), None, None
        for key in ("address", "baud"):
            table.forbid(key, "only a head on a serial device has one")
    home = table.want("home", _PRESET, None)
    if home is None:
        table.forbid("home_after", "it has no place to go back to: there is no `home`")
    return Head(
        driver=driver,
        port=port,
        presets=table.want("presets", kinds.by_key(_preset, kinds.text), {}),
        home=home,
        home_after=table.want("home_after", _HOME_SECONDS, HOME_AFTER),
        address=address,
        baud=baud,
        turned_by=table.want("turned_by", kinds.several(kinds.word(Role)), None),
    )


def heads_know_their_presets(site: Site) -> Iterator[Finding]:
    """A camera goes home to a place it knows, and no two places go by one name: a camera may know them by it."""
    for camera, known in _heads(site):
        if known.home is not None and known.home not in known.presets:
            problem = f"there is no preset {known.home} to go home to"
            yield Finding(_at(camera, "home"), problem, f'add `{known.home} = "Home"` to its presets')
        names = [name.casefold() for name in known.presets.values()]
        for number, name in known.presets.items():
            if names.count(name.casefold()) > 1:
                problem = f"preset {number} goes by the name of another one, {quoted(name)}"
                yield Finding(_at(camera, "presets"), problem, "give each a name of its own")


def heads_are_turned_by_who_turns_cameras(site: Site) -> Iterator[Finding]:
    """A right that no order gives is none."""
    for camera, known in _heads(site):
        for role in sorted((known.turned_by or frozenset()) - TURNS):
            problem = f"{quoted(role)} never turns a camera"
            yield Finding(_at(camera, "turned_by"), problem, f"choose from {', '.join(sorted(TURNS))}")


def masks_do_not_stay_behind(site: Site) -> Iterator[Finding]:
    """What this box paints stays in its place of the picture while the camera turns away beneath it."""
    for camera, _ in _heads(site):
        known = site.cameras[camera]
        for mask in (*known.painted(MaskKind.BURNT), *known.painted(MaskKind.VEIL)):
            problem = f"the mask {quoted(mask.name)} would hide something else as soon as the camera is turned"
            mend = 'let the camera paint it, which knows where it looks: `kind = "burnt"`, `by = "camera"`'
            yield Finding(("camera", camera, "masks"), problem, mend)


def heads_have_a_wire_to_themselves(site: Site) -> Iterator[Finding]:
    """Heads may share a serial device, each with an address of its own; readers, boards and heads may not."""
    taken = {line.port: f"line {quoted(line.id)}" for line in site.lines.values()}
    taken |= {bus.port: f"bus {quoted(bus.id)}" for bus in site.buses.values() if bus.baud is not None}
    for camera, known in _heads(site):
        if known.driver is HeadDriver.PELCO_D and known.port in taken:
            problem = f"{quoted(known.port)} is taken: {taken[known.port]} hangs there"
            yield Finding(_at(camera, "port"), problem, "give heads an adapter of their own")
    for (first, one), (second, other) in combinations(_heads(site), 2):
        if one.port != other.port or one.driver is not other.driver:
            continue
        if one.address == other.address:
            problem = f"is the head of camera {quoted(first)} as well: both cameras would be turned"
            yield Finding(_at(second, "port"), problem, "write where this camera's own head is")
        elif one.baud != other.baud:
            problem = f"the head of camera {quoted(first)} speaks at {one.baud} on the same wire"
            yield Finding(_at(second, "baud"), problem, "set both heads to one speed, and write it for both")


def _heads(site: Site) -> Iterator[tuple[CameraId, Head]]:
    return ((camera.id, camera.head) for camera in site.cameras.values() if camera.head is not None)


def _at(camera: CameraId, key: str) -> Path:
    return ("camera", camera, "head", key)


def host_and_port(reading: Reading, path: Path, value: object) -> str | None:
    """Where a camera's ONVIF service is."""
    word = kinds.text(reading, path, value)
    if word is not None and not _HOST_AND_PORT.fullmatch(word):
        reading.refuse(path, f"{quoted(word)} is no address", 'write "HOST:PORT" of its ONVIF service')
        return None
    return word


_PRESET = kinds.whole(PRESETS[0], PRESETS[-1])


def _preset(reading: Reading, path: Path, value: object) -> int | None:
    """A preset's number; TOML writes every key as a text."""
    word = str(value)
    return _PRESET(reading, path, int(word) if word.isascii() and word.isdigit() and len(word) < 6 else word)
