"""What a simulated camera sees, drawn and encoded: short films, one per scene, or those of a file.

A film is drawn and encoded once, when first asked for (about 60 ms for two seconds), and then only repeated, so that
many cameras cost next to nothing. Every film begins with an IDR picture: cutting to another never breaks a decoder.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators import faces
from simulators.encoding import Format, Image, Loop, encoded, film_frames
from simulators.walking import put_walkers, walk_seconds

WIDTH, HEIGHT = 480, 360
FPS = 8
LOOP_FRAMES = 16
LOOP_SECONDS = LOOP_FRAMES / FPS
NEAR = 240
"""Pixels from crown to chest of somebody at the door: about 110 between the ears."""
FAR = 90
"""The same four times further off: a face is found, and is too small to judge."""
PAPER_TILTS = 0.18
"""By how much the nearer edge of a tilted photo is wider."""
HEAD_RADIUS, HEAD_TURNS = 0.32, 0.8
"""A head is drawn on an upright cylinder: its radius in parts of a portrait's side, and radians that it turns."""
SWAY = 3.0
"""Pixels that somebody standing still moves to and fro."""
NOISE = 1.2
"""Standard deviation of what every sensor adds to a picture, in grey levels: no two of them are ever the same."""
NIGHT_NOISE = 4.0


class Light(StrEnum):
    """By what light a camera sees."""

    DAY = "day"
    NIGHT = "night"
    """Grey, by the camera's own infrared."""
    GLARE = "glare"
    """A low sun, or a torch, in a corner of the picture."""
    OUT = "out"
    """None: all is black."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who stands before the camera (names of `simulators.faces`, none: an empty corridor), and what became of it.

    ``photo``: it is their picture that is held up, not they. ``turned_head``: how far they look to their own left (1)
    or right (-1); of a photo: how far the paper is tilted. ``eyes_closed``: both of them. ``walking``: so many people,
    one behind the other, walk up to the door, stop, and go in: once. ``film``: the path of a film file, which is shown
    instead, again and again.
    """

    people: tuple[str, ...] = ()
    far: bool = False
    covered: bool = False
    photo: bool = False
    turned_head: float = 0.0
    eyes_closed: bool = False
    walking: int = 0
    light: Light = Light.DAY
    rain: bool = False
    turned: bool = False
    sprayed: bool = False
    blurred: bool = False
    film: str = ""

    @property
    def seconds(self) -> float:
        """Return how long it lasts until it begins anew, or, where people walk, until they are gone."""
        return walk_seconds(self.walking) if self.walking else LOOP_SECONDS


EMPTY = Scene()
COVERED = Scene(covered=True)
STANDARD = Format(WIDTH, HEIGHT, FPS)


@cache
def loop(label: str, scene: Scene, shape: Format = STANDARD) -> Loop:
    """Return the film of a scene in this format, with the camera's label in the picture. OSError for no such file."""
    if scene.film:
        return encoded(film_frames(Path(scene.film), shape), shape)
    count = round(scene.seconds * shape.fps)
    return encoded((drawn(label, scene, index, shape.fps) for index in range(count)), shape)


def drawn(label: str, scene: Scene, index: int, fps: int = FPS) -> Image:
    """Draw picture `index` of a film, RGB."""
    if scene.covered:
        return _noisy(np.full((HEIGHT, WIDTH, 3), 10, dtype=np.uint8), index, NOISE / 2)
    if scene.sprayed:
        return _noisy(np.full((HEIGHT, WIDTH, 3), 118, dtype=np.uint8), index, NOISE)
    image = _elsewhere().copy() if scene.turned else _corridor().copy()
    if not scene.turned:
        _put_people(image, scene, index, fps)
    _weather(image, scene, index)
    if scene.blurred:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 9), dtype=np.uint8)
    image = _noisy(image, index, NIGHT_NOISE if scene.light is Light.NIGHT else NOISE)
    cv2.putText(image, label, (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (235, 235, 235), 1, cv2.LINE_AA)
    return image


def _put_people(image: Image, scene: Scene, index: int, fps: int) -> None:
    if scene.walking:
        put_walkers(image, scene.walking, index / fps)
    side = FAR if scene.far else NEAR
    phase = 2 * np.pi * index / (LOOP_SECONDS * fps)
    for place, name in enumerate(scene.people):
        centre = WIDTH * (place + 1) / (len(scene.people) + 1) + SWAY * np.sin(phase)
        left, top = round(centre - side / 2), round(HEIGHT - side + SWAY * np.cos(phase) + SWAY)
        _put_person(image, _portrait(name, side, scene), left, top, photo=scene.photo)


def _weather(image: Image, scene: Scene, index: int) -> None:
    if scene.rain:
        _rain(image, index)
    match scene.light:
        case Light.DAY:
            pass
        case Light.NIGHT:
            grey = np.clip(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) * 0.55, 0, 255)
            image[:] = grey.astype(np.uint8)[:, :, None]
        case Light.GLARE:
            image[:] = np.clip(image.astype(np.float32) + _glare(), 0, 255).astype(np.uint8)
        case Light.OUT:
            image[:] = 2


def _noisy(image: Image, index: int, sigma: float) -> Image:
    grain = np.random.default_rng(index).normal(0.0, sigma, image.shape[:2])[:, :, None]
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def _rain(image: Image, index: int) -> None:
    chance = np.random.default_rng(1000 + index)
    for x, y in chance.integers((0, -20), (WIDTH, HEIGHT), (90, 2)):
        cv2.line(image, (int(x), int(y)), (int(x) - 3, int(y) + 14), (190, 190, 195), 1, cv2.LINE_AA)


@cache
def _glare() -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    near = np.exp(-(((columns - WIDTH) / 190) ** 2 + (rows / 150) ** 2))
    return np.asarray(230 * near[:, :, None], dtype=np.float32)


@cache
def _corridor() -> Image:
    rows = np.linspace(150, 95, HEIGHT, dtype=np.float32)[:, None, None]
    image = np.clip(rows * np.array([1.0, 0.98, 0.92], dtype=np.float32), 0, 255).astype(np.uint8)
    image = np.ascontiguousarray(np.broadcast_to(image, (HEIGHT, WIDTH, 3)))
    cv2.fillPoly(image, [np.array([[0, HEIGHT], [150, 210], [330, 210], [WIDTH, HEIGHT]])], (88, 84, 80))
    cv2.rectangle(image, (180, 60), (300, 210), (112, 92, 70), -1)
    cv2.rectangle(image, (180, 60), (300, 210), (60, 50, 40), 3)
    cv2.circle(image, (288, 140), 4, (200, 190, 150), -1)
    for x in (150, 330):
        cv2.line(image, (x, 30), (x, 210), (80, 78, 74), 2)
    return np.asarray(image, dtype=np.uint8)


@cache
def _elsewhere() -> Image:
    """What the camera sees once somebody has turned it: a wall with a window and a heater."""
    image = np.full((HEIGHT, WIDTH, 3), (168, 160, 148), dtype=np.uint8)
    cv2.rectangle(image, (40, 30), (190, 200), (205, 222, 236), -1)
    for x in (40, 115, 190):
        cv2.line(image, (x, 30), (x, 200), (70, 66, 60), 4)
    for y in (30, 115, 200):
        cv2.line(image, (40, y), (190, y), (70, 66, 60), 4)
    for x in range(250, 450, 18):
        cv2.rectangle(image, (x, 235), (x + 11, 330), (225, 222, 214), -1)
        cv2.rectangle(image, (x, 235), (x + 11, 330), (110, 104, 96), 1)
    cv2.line(image, (0, 340), (WIDTH, 340), (95, 88, 78), 6)
    return np.asarray(image, dtype=np.uint8)


def _portrait(name: str, side: int, scene: Scene) -> Image:
    """Draw head and shoulders. A head has depth: what lies forward moves further as it turns. Paper has none."""
    portrait = faces.with_eyes_closed(name) if scene.eyes_closed else faces.head(name)
    portrait = np.asarray(cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if not scene.turned_head:
        return portrait
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    if scene.photo:
        nearer = 1 + 0.18 * scene.turned_head * (rows / side - 0.5)
        return np.asarray(
            cv2.remap(portrait, (columns - side / 2) * nearer + side / 2, rows, cv2.INTER_LINEAR), np.uint8
        )
    across = (columns / side - faces.middle(name)) / HEAD_RADIUS
    seen = np.sin(np.clip(np.arcsin(np.clip(across, -1, 1)) - HEAD_TURNS * scene.turned_head, -np.pi / 2, np.pi / 2))
    columns = np.where(np.abs(across) < 1, (seen * HEAD_RADIUS + faces.middle(name)) * side, columns).astype(np.float32)
    return np.asarray(cv2.remap(portrait, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _put_person(image: Image, portrait: Image, left: int, top: int, *, photo: bool) -> None:
    side = portrait.shape[0]
    mask = np.ones((side, side, 1), dtype=np.float32) if photo else _silhouette(side)
    if photo:  # paper: flat, paler, with a white edge
        portrait = np.clip(portrait * 0.8 + 40, 0, 255).astype(np.uint8)
        cv2.rectangle(portrait, (0, 0), (side - 1, side - 1), (240, 240, 236), max(2, side // 24))
    high, wide = min(side, HEIGHT - top), min(side, WIDTH - left)
    below = image[top : top + high, left : left + wide]
    blend = mask[:high, :wide]
    below[:] = (portrait[:high, :wide] * blend + below * (1 - blend)).astype(np.uint8)


@cache
def _silhouette(side: int) -> NDArray[np.float32]:
    """Return a soft mask, side x side x 1, of head and shoulders."""
    mask = np.zeros((side, side), dtype=np.float32)
    cv2.ellipse(mask, (side // 2, round(side * 0.45)), (round(side * 0.36), round(side * 0.45)), 0, 0, 360, (1.0,), -1)
    cv2.ellipse(mask, (side // 2, side), (round(side * 0.5), round(side * 0.3)), 0, 0, 360, (1.0,), -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), side / 60), dtype=np.float32)[:, :, None]
