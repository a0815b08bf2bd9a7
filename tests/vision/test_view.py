"""Does a camera see what it should? By drawn scenes in all weathers, and by films of others."""

import os
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from simulators.scene import COVERED, EMPTY, FPS, LOOP_FRAMES, Light, Scene, drawn
from vision import view as views
from vision.messages import Trouble
from vision.view import View, looked

FILMS = Path(os.environ.get("OSTIARY_TEST_DATA", "../shared/data")) / "films"
TOLD_WITHIN = 6.0


def watch(view: View, scene: Scene, seconds: float, began: float) -> tuple[View, list[tuple[float, Trouble | None]]]:
    """Look at a scene for so long; return what is known then, and what was told, and when after the beginning."""
    told = []
    for index in range(round(seconds * FPS)):
        now = began + index / FPS
        if not view.due(now):
            continue
        place = index if scene.walking else index % LOOP_FRAMES
        before = view.told
        view = looked(view, cv2.cvtColor(drawn("lobby", scene, place), cv2.COLOR_RGB2GRAY), now)
        if view.told is not before:
            told.append((now - began, view.told))
    return view, told


def settled(scene: Scene = EMPTY) -> View:
    view, told = watch(View(), scene, 8.0, 0.0)
    assert (view.judged, told) == (True, [])
    return view


@pytest.mark.parametrize(
    ("scene", "trouble"),
    [
        (COVERED, Trouble.BLACK),
        (Scene(light=Light.OUT), Trouble.BLACK),
        (Scene(sprayed=True), Trouble.COVERED),
        (Scene(blurred=True), Trouble.BLURRED),
        (Scene(turned=True), Trouble.TURNED),
    ],
)
def test_a_trouble_is_told_in_time_and_so_is_its_end(scene: Scene, trouble: Trouble) -> None:
    view, told = watch(settled(), scene, 10.0, 8.0)
    assert [what for _, what in told] == [trouble]
    assert views.HOLDS_FOR <= told[0][0] <= TOLD_WITHIN
    _, told = watch(view, EMPTY, 6.0, 18.0)
    assert [what for _, what in told] == [None]


@pytest.mark.parametrize(
    "scene",
    [
        Scene(("astronaut",)),
        Scene(("astronaut", "hopper")),
        Scene(("hopper",), photo=True),
        Scene(walking=3),
        Scene(light=Light.NIGHT),
        Scene(light=Light.GLARE),
        Scene(rain=True),
        Scene(("hopper",), light=Light.NIGHT, rain=True),
    ],
    ids=str,
)
def test_people_night_glare_and_rain_are_no_trouble(scene: Scene) -> None:
    view, told = watch(settled(), scene, 12.0, 8.0)
    assert (told, view.trouble) == ([], None)


def test_what_was_learned_outlives_a_cut_cable_so_that_nobody_turns_a_camera_meanwhile() -> None:
    _, told = watch(settled(), Scene(turned=True), 10.0, 100.0)
    assert [what for _, what in told] == [Trouble.TURNED]


def test_a_camera_that_was_covered_from_the_beginning_is_told_and_teaches_nothing() -> None:
    view, told = watch(View(), COVERED, 10.0, 0.0)
    assert [what for _, what in told] == [Trouble.BLACK]
    assert view.learned is None
    view, told = watch(view, EMPTY, 8.0, 10.0)
    assert [what for _, what in told] == [None]
    assert view.judged


def test_a_trouble_teaches_nothing_however_long_it_lasts() -> None:
    view, _ = watch(settled(), Scene(turned=True), 10.0, 8.0)
    learned = view.learned
    for second in range(20):
        view = looked(view, cv2.cvtColor(drawn("lobby", Scene(turned=True), 0), cv2.COLOR_RGB2GRAY), 20.0 + second)
    assert view.learned is learned
    assert view.told is Trouble.TURNED


def test_a_short_gap_is_no_trouble() -> None:
    view, told = watch(settled(), COVERED, views.HOLDS_FOR - 1.5, 8.0)
    view, more = watch(view, EMPTY, 6.0, 8.0 + views.HOLDS_FOR - 1.5)
    assert (told, more) == ([], [])


def test_a_flat_wall_is_learned_by_nobody_and_compared_with_nothing() -> None:
    flat = np.full((180, 320), 120, dtype=np.uint8)
    view = View()
    for second in range(8):
        view = looked(view, flat, float(second))
    assert (view.learned, view.told) == (None, Trouble.COVERED)


@pytest.mark.skipif(not FILMS.exists(), reason="the films of others are not here (OSTIARY_TEST_DATA)")
@pytest.mark.parametrize("name", ["vtest.avi", "intel_one-by-one-person-detection.mp4"])
def test_films_of_others_raise_nothing(name: str) -> None:
    view = View()
    with av.open(str(FILMS / name)) as film:
        for picture in film.decode(video=0):
            if view.due(float(picture.time)):
                view = looked(view, picture.reformat(format="gray").to_ndarray(), float(picture.time))
                assert view.told is None
            if picture.time > 60:
                break
    assert view.judged
