"""What a camera is watched for, with drawn people, the real detector and every picture judged."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from simulators.scene import FPS, Light, Scene, drawn
from simulators.walking import through_at
from vision.messages import CountingLine, Looks, PersonCrossed, Sight, SightChanged, Watch
from vision.persons import load_find
from vision.watching import CLEAR_AFTER, Pace, Watcher, holds

FLOOR = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))
DOORSTEP = ((0.4, 0.65), (0.62, 0.65), (0.62, 0.8), (0.4, 0.8))
LINE = CountingLine("front", ((0.35, 0.68), (0.65, 0.68)), (0.5, 0.5))
ZONE = Sight("zone", Looks.INTRUSION, FLOOR)
QUIET_FOR = 3.0


@cache
def find():
    return load_find()


@cache
def film(scene: Scene, seconds: float):
    before = replace(scene, walking=0)
    count = round((seconds or scene.seconds) * FPS)
    return [drawn("cam", before, i) for i in range(round(QUIET_FOR * FPS))] + [
        drawn("cam", scene, i) for i in range(count)
    ]


def watched(watch: Watch, scene: Scene, *, seconds: float = 0.0, detector: bool = True):
    """Return what is said of a scene, each with the seconds since it began."""
    watcher, said = Watcher(watch, Pace(1000.0)), []
    for index, image in enumerate(film(scene, seconds)):
        at = index / FPS
        luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        values = watcher.look(luma, lambda image=image: image, find() if detector else None, 100 + at)
        said += [(at - QUIET_FOR, value) for value in values]
    return said


def of_sight(said):
    return [(value.point, value.active) for _, value in said if isinstance(value, SightChanged)]


def through(said):
    return [value.beyond for _, value in said if isinstance(value, PersonCrossed)]


@pytest.mark.parametrize(
    "scene", [Scene(walking=1), Scene(walking=1, light=Light.NIGHT, rain=True)], ids=["day", "wet"]
)
def test_somebody_who_walks_in_is_told_within_a_second_and_a_half_once_and_so_is_that_they_left(scene):
    said = watched(Watch("cam", "", sights=(ZONE,)), scene, seconds=scene.seconds + CLEAR_AFTER)
    assert of_sight(said) == [("zone", False), ("zone", True), ("zone", False)]
    assert said[0][0] < 0
    assert 0 < said[1][0] < 1.5
    assert said[2][0] >= through_at(0) + CLEAR_AFTER - 0.5


@pytest.mark.parametrize(
    "scene",
    [Scene(rain=True), Scene(light=Light.NIGHT), Scene(light=Light.GLARE, rain=True)],
    ids=["rain", "night", "glare"],
)
def test_weather_and_light_are_nobody(scene):
    assert of_sight(watched(Watch("cam", "", sights=(ZONE,)), scene, seconds=4.0)) == [("zone", False)]


def test_a_light_that_comes_on_is_nobody_and_motion_counts_where_whatever_moves_does():
    shown = [drawn("cam", Scene(), i) for i in range(24)] + [
        drawn("cam", Scene(light=Light.GLARE), i) for i in range(24)
    ]
    watcher, said = Watcher(Watch("cam", "", sights=(ZONE,)), Pace(1000.0)), []
    for index, image in enumerate(shown):
        luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        said += watcher.look(luma, lambda image=image: image, find(), index / FPS)
    assert said == [SightChanged("cam", "zone", active=False)]


def test_whatever_moves_counts_where_the_site_says_so_without_a_detector():
    moving = replace(ZONE, people=False)
    assert of_sight(watched(Watch("cam", "", sights=(moving,)), Scene(walking=1), detector=False)) == [
        ("zone", False),
        ("zone", True),
    ]


def test_without_a_detector_whoever_moves_like_somebody_is_somebody():
    said = watched(Watch("cam", "", sights=(ZONE,)), Scene(walking=1), detector=False)
    assert of_sight(said)[:2] == [("zone", False), ("zone", True)]
    assert said[1][0] < 4.0


def test_a_part_of_the_picture_that_is_ignored_shows_nobody_and_another_part_shows_nobody_of_this_one():
    everything = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),)
    assert of_sight(watched(Watch("cam", "", sights=(ZONE,), ignored=everything), Scene(walking=1))) == [
        ("zone", False)
    ]
    ceiling = Sight("ceiling", Looks.INTRUSION, ((0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.0, 0.3)))
    assert of_sight(watched(Watch("cam", "", sights=(ceiling,)), Scene(walking=1))) == [("ceiling", False)]


def test_whoever_stays_loiters_and_whoever_goes_through_does_not():
    waits = Sight("step", Looks.LOITERING, DOORSTEP, seconds=1.0)
    said = watched(Watch("cam", "", sights=(waits, replace(waits, point="long", seconds=4.0))), Scene(walking=1))
    assert [pair for pair in of_sight(said) if pair[1]] == [("step", True)]


def test_a_line_is_crossed_towards_what_lies_beyond_it():
    line = Sight("line", Looks.LINE, LINE.ends, beyond=(0.5, 0.5))
    back = replace(line, point="back", beyond=(0.5, 0.9))
    both = replace(line, point="both", beyond=None)
    said = watched(Watch("cam", "", sights=(line, back, both)), Scene(walking=1))
    assert [pair for pair in of_sight(said) if pair[1]] == [("line", True), ("both", True)]


@pytest.mark.parametrize(("people", "light"), [(1, Light.NIGHT), (2, Light.DAY)])
def test_each_who_goes_through_the_door_is_counted_once(people, light):
    said = watched(Watch("cam", "", counting=(LINE,)), Scene(walking=people, light=light))
    assert through(said) == [True] * people
    for place, (at, _) in enumerate(said):
        assert through_at(place) - 1.0 < at < through_at(place) + 0.5


def test_nobody_is_searched_for_where_nothing_moves_and_all_cameras_share_a_pace():
    searched = []
    watcher = Watcher(Watch("cam", "", sights=(ZONE,)), Pace(1000.0))

    def note(image):
        searched.append(image)
        return []

    for index, image in enumerate(film(Scene(), 2.0)):
        watcher.look(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), lambda image=image: image, note, index / FPS)
    assert searched == []
    pace = Pace(2.0)
    assert [pace.allows(now, urgent=False) for now in (0.0, 0.1, 0.4, 0.5, 0.6)] == [True, False, False, True, False]
    assert pace.allows(0.7, urgent=True)
    assert not pace.allows(1.2, urgent=False)


def test_a_polygon_holds_what_lies_in_it_and_what_the_lower_edge_cuts_off():
    assert holds(FLOOR, (0.5, 1.0))
    assert holds(FLOOR, (0.5, 0.5))
    assert not holds(FLOOR, (0.5, 0.49))
    assert np.array(FLOOR).shape == (4, 2)
