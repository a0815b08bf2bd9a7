"""Cameras that watch: how surely somebody who walks in is told, how seldom nobody is, and who counts tailgaters.

People walk in drawn scenes by day and night, in rain and glare, each moved, scaled and lit by chance; the truth is what
was drawn. Where `$OSTIARY_TEST_DATA` has films of people, their every five seconds count as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.extent import Extent, Tick
from benchmarks.faces import FOLDER
from benchmarks.frigate_motion import HEIGHT, FrigateMotion
from benchmarks.rows import Figure, Row
from simulators.scene import FPS, Light, Scene, drawn
from vision.messages import CountingLine, Looks, PersonCrossed, Sight, SightChanged, Watch
from vision.models import Image
from vision.persons import load_find
from vision.watching import Find, Pace, Watcher

FLOOR = ((0.0, 0.45), (1.0, 0.45), (1.0, 1.0), (0.0, 1.0))
ALL = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
LINE = CountingLine("front", ((0.35, 0.68), (0.65, 0.68)), (0.5, 0.5))
EMPTY_FOR = 4.0
"""Seconds of an empty scene before somebody walks in."""
WEATHERS = (
    Scene(),
    Scene(light=Light.NIGHT),
    Scene(rain=True),
    Scene(light=Light.GLARE),
    Scene(light=Light.NIGHT, rain=True),
)
DRAWN_APART = 48
"""Pictures of each weather that are drawn; hours are made of them in chance order, with clouds that come and go."""
FILM, FILM_FPS, WINDOW = "films/vtest.avi", 10, 5.0
"""A street in which there is always somebody; every WINDOW seconds count as one who walks in."""
PER_DAY, DAY_HOURS, HOUR = 1.0, 24.0, 3600.0
LEAST_RECALL = 99.0
LEAST_TAILGATING = 90.0
TINY = 1e-3
SEARCHES = 8.0
PEOPLE = (1, 2, 1, 3, 2)


@dataclass(frozen=True, slots=True)
class Seen:
    """Who was told of, of how many; and in vain, in how many hours."""

    told: int
    of: int
    in_vain: int
    hours: float

    @property
    def recall(self) -> float:
        """Return the share told of, in percent; none, where more was told in vain than one a camera and day."""
        return 100.0 * self.told / self.of if self.per_day <= PER_DAY else TINY

    @property
    def per_day(self) -> float:
        """Return how often it was told in vain, a camera and day."""
        return self.in_vain * DAY_HOURS / self.hours

    @property
    def text(self) -> str:
        """Return it in words."""
        return f"{self.told} of {self.of} told, {self.in_vain} in vain in {self.hours:.2f} camera hours"


async def camera_intrusion(extent: Extent, _: Path, tick: Tick) -> Row:
    """Let somebody walk in again and again, and let the weather rage before an empty corridor. In percent told of."""
    find = load_find()
    chance = np.random.default_rng(5)
    scenes = [_walk(chance, 1) for _ in range(extent.walks)]
    ours = [0, 0]
    theirs = [0, 0]
    for scene in scenes:
        pictures = list(scene)
        ours[0] += _told(pictures, FPS, find, FLOOR)
        theirs[0] += _moved(pictures)
        tick(1)
    told, of = _film(find, extent.walks)
    for index, weather in enumerate(WEATHERS):
        seconds = extent.weather_seconds / len(WEATHERS)
        pictures = [drawn("cam", weather, number) for number in range(min(DRAWN_APART, round(seconds * FPS)))]
        ours[1] += _in_vain(_hours(pictures, seconds, index), find)
        theirs[1] += _moves(_hours(pictures, seconds, index))
        tick(1)
    hours = extent.weather_seconds / HOUR
    mine = Seen(ours[0] + told, extent.walks + of, ours[1], hours)
    frigate = Seen(theirs[0], extent.walks, theirs[1], hours)
    promise = f"recall, at most {PER_DAY:.0f} in vain a camera and day: {mine.text}"
    beside = Figure(f"Frigate's motion alone: {frigate.text}", 100.0 * frigate.told / frigate.of or TINY)
    enough = hours >= DAY_HOURS
    return Row(
        "camera_intrusion", mine.recall, "%", Figure(promise, LEAST_RECALL), beside, at_least=True, as_promised=enough
    )


async def tailgating_recall(extent: Extent, _folder: Path, tick: Tick) -> Row:
    """Let one to three walk in on one badge each time. In percent of the tailgaters that are told of."""
    right, _, true = _tailgating(extent.groups)
    tick(extent.groups)
    promise = f"of {true} who came in behind a badge: {right} told"
    return Row(
        "tailgating_recall", 100.0 * right / true or TINY, "%", Figure(promise, LEAST_TAILGATING), None, at_least=True
    )


async def tailgating_precision(extent: Extent, _: Path, tick: Tick) -> Row:
    """The same; in percent of those told of that were tailgaters."""
    right, told, true = _tailgating(extent.groups)
    tick(extent.groups)
    promise = f"of {told} told: {right} came in behind a badge (of {true})"
    value = 100.0 * right / told if told else TINY
    return Row("tailgating_precision", value or TINY, "%", Figure(promise, LEAST_TAILGATING), None, at_least=True)


@cache
def _tailgating(groups: int) -> tuple[int, int, int]:
    """Return how many were rightly told of, told of, and there: of each group all but the one with the badge."""
    find, chance = load_find(), np.random.default_rng(7)
    right = told = true = 0
    for number in range(groups):
        people = PEOPLE[number % len(PEOPLE)]
        watcher, counted = Watcher(Watch("cam", "", counting=(LINE,)), Pace(SEARCHES)), 0
        for index, image in enumerate(_walk(chance, people)):
            counted += sum(
                _enters(value) for value in watcher.look(_luma(image), partial(_itself, image), find, index / FPS)
            )
        said = max(0, counted - 1)
        right, told, true = right + min(said, people - 1), told + said, true + people - 1
    return right, told, true


def _enters(value: SightChanged | PersonCrossed) -> bool:
    return isinstance(value, PersonCrossed) and value.beyond


def _walk(chance: np.random.Generator, people: int) -> Iterator[Image]:
    """Yield an empty scene and then people who walk in: somewhere else, larger or smaller, lit otherwise each time."""
    weather = WEATHERS[int(chance.integers(len(WEATHERS)))]
    scene = Scene(walking=people, light=weather.light, rain=weather.rain)
    scale, turn = float(chance.uniform(0.92, 1.08)), float(chance.uniform(-2.0, 2.0))
    bright, mirrored = float(chance.uniform(0.75, 1.15)), bool(chance.integers(2))
    for index in range(round(EMPTY_FOR * FPS)):
        yield _changed(drawn("cam", weather, index), scale, turn, bright, mirrored=mirrored)
    for index in range(round(scene.seconds * FPS)):
        yield _changed(drawn("cam", scene, index), scale, turn, bright, mirrored=mirrored)


def _changed(image: Image, scale: float, turn: float, bright: float, *, mirrored: bool) -> Image:
    height, width = image.shape[:2]
    moved = cv2.getRotationMatrix2D((width / 2, height * LINE.ends[0][1]), turn, scale)
    out = cv2.warpAffine(image, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
    out = cv2.convertScaleAbs(out, alpha=bright)
    return np.ascontiguousarray(out[:, ::-1] if mirrored else out, dtype=np.uint8)


def _hours(pictures: Sequence[Image], seconds: float, seed: int) -> Iterator[Image]:
    """Yield weather without anybody: drawn pictures in chance order, under clouds that come and go within a minute."""
    chance = np.random.default_rng(seed)
    for index in range(round(seconds * FPS)):
        cloud = 1.0 + 0.15 * float(np.sin(2 * np.pi * index / FPS / 60.0))
        yield np.asarray(
            cv2.convertScaleAbs(pictures[int(chance.integers(len(pictures)))], alpha=cloud), dtype=np.uint8
        )


def _told(pictures: Sequence[Image], fps: int, find: Find, zone: tuple[tuple[float, float], ...]) -> bool:
    watcher = Watcher(Watch("cam", "", sights=(Sight("zone", Looks.INTRUSION, zone),)), Pace(SEARCHES))
    said = False
    for index, image in enumerate(pictures):
        values = watcher.look(_luma(image), partial(_itself, image), find, index / fps)
        said |= any(isinstance(value, SightChanged) and value.active for value in values)
    return said


def _in_vain(pictures: Iterator[Image], find: Find) -> int:
    watcher = Watcher(Watch("cam", "", sights=(Sight("zone", Looks.INTRUSION, FLOOR),)), Pace(SEARCHES))
    told = 0
    for index, image in enumerate(pictures):
        values = watcher.look(_luma(image), partial(_itself, image), find, index / FPS)
        told += sum(isinstance(value, SightChanged) and value.active for value in values)
    return told


def _moved(pictures: Sequence[Image]) -> bool:
    """Tell whether Frigate sees motion once somebody walks."""
    motion, moved = FrigateMotion(), False
    for index, image in enumerate(pictures):
        moved |= motion.look(_luma(image), _floor(image)) and index / FPS >= EMPTY_FOR
    return moved


def _moves(pictures: Iterator[Image]) -> int:
    """Return how often Frigate sees motion where there is nobody, once for each time it begins."""
    motion, before, begun = FrigateMotion(), False, 0
    for image in pictures:
        now = motion.look(_luma(image), _floor(image))
        begun += now and not before
        before = now
    return begun


def _film(find: Find, most: int) -> tuple[int, int]:
    """Return in how many windows of the film somebody was told of, and how many there are; none without the film."""
    path = Path(os.environ.get(FOLDER, "")) / FILM
    if FOLDER not in os.environ or not path.is_file():
        return 0, 0
    with av.open(str(path)) as film:
        pictures = [np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8) for frame in film.decode(video=0)]
    size = round(WINDOW * FILM_FPS)
    windows = [pictures[start : start + size] for start in range(0, len(pictures) - size + 1, size)][:most]
    return sum(_told(window, FILM_FPS, find, ALL) for window in windows), len(windows)


def _floor(image: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    zone = np.zeros((HEIGHT, round(image.shape[1] * HEIGHT / image.shape[0])), dtype=bool)
    zone[round(FLOOR[0][1] * HEIGHT) :] = True
    return zone


def _itself(image: Image) -> Image:
    return image


def _luma(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
