"""What cameras look for, in a site file: what is read, and what is refused."""

from __future__ import annotations

import pytest

from controller.domain.filming import CountedDoor, MotionSettings, Sensitivity
from controller.domain.ids import OUTSIDE
from controller.domain.points import Confirm, Point, PointKind, Sight, SightKind
from controller.domain.site import Site
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site
from tests.controller.site.test_loader import SMALL

SEEN = SMALL.replace("free_egress = true", 'free_egress = true\ncontact = { device = "lock" }')
CAMERA = """
[[camera]]
id = "cam"
name = "Camera"
zone = "room"
position = [10, 10]
url = "rtsp://192.0.2.1/cam"
purpose = "Safety"
view = "The room"
legal_basis = "DPIA-1"
masks = []
retention_days = 1
motion = { sensitivity = "high", ignore = [[[0, 0], [1, 0], [1, 0.1]]] }
counts = [{ door = "door", line = [[0.3, 0.6], [0.7, 0.6]], beyond = [0.5, 0.4], enters = "room" }]
"""
POINTS = """
[[point]]
id = "see"
name = "Seen in the room"
zone = "room"
kind = "camera"
camera = "cam"
sees = "intrusion"
shape = [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]
confirm = "motion"

[[point]]
id = "fence"
name = "Over the line"
zone = "room"
kind = "camera"
camera = "cam"
sees = "line"
shape = [[0.2, 0.5], [0.8, 0.5]]
beyond = [0.5, 0.9]

[[point]]
id = "lingers"
name = "Lingers"
zone = "room"
kind = "camera"
camera = "cam"
sees = "loitering"
seconds = 20
shape = [[0, 0.5], [1, 0.5], [1, 1]]

[[intrusion_area]]
id = "inside"
name = "Inside"
zones = ["room"]
points = ["see", "fence"]
"""
WHOLE = SEEN + CAMERA + POINTS


def read(text: str = WHOLE) -> Site:
    return parse_site(text.encode(), "site.toml")


def refused(before: str, after: str) -> list[tuple[str, str]]:
    assert before in WHOLE
    with pytest.raises(SiteErrors) as caught:
        read(WHOLE.replace(before, after))
    return [(error.where, error.problem) for error in caught.value.errors]


def test_what_a_file_says_is_what_is_read() -> None:
    site = read()
    shape = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0))
    assert list(site.points.values()) == [
        Point(
            "see",
            "Seen in the room",
            "room",
            PointKind.CAMERA,
            None,
            sight=Sight("cam", SightKind.INTRUSION, (*shape, (0.0, 1.0)), Confirm.MOTION),
        ),
        Point(
            "fence",
            "Over the line",
            "room",
            PointKind.CAMERA,
            None,
            sight=Sight("cam", SightKind.LINE, ((0.2, 0.5), (0.8, 0.5)), beyond=(0.5, 0.9)),
        ),
        Point(
            "lingers",
            "Lingers",
            "room",
            PointKind.CAMERA,
            None,
            sight=Sight("cam", SightKind.LOITERING, shape, seconds=20.0),
        ),
    ]
    camera = site.cameras["cam"]
    assert camera.motion == MotionSettings(Sensitivity.HIGH, (((0.0, 0.0), (1.0, 0.0), (1.0, 0.1)),))
    assert camera.counts == (CountedDoor("door", ((0.3, 0.6), (0.7, 0.6)), (0.5, 0.4), "room"),)
    assert (site.point_wires, list(site.sights)) == ({}, ["see", "fence", "lingers"])


def test_a_camera_that_says_nothing_of_it_looks_for_nothing() -> None:
    camera = read(SMALL + CAMERA.split("motion =")[0]).cameras["cam"]
    assert (camera.motion, camera.counts) == (MotionSettings(Sensitivity.NORMAL, ()), ())


@pytest.mark.parametrize(
    ("before", "after", "where", "problem"),
    [
        ('sees = "intrusion"', 'sees = "ghosts"', "point.see.sees", "unknown word"),
        ('sees = "intrusion"\n', "", "point.see.sees", 'missing key "sees"'),
        ('confirm = "motion"', 'device = "cam"', "point.see.device", "hangs on no wire"),
        ('confirm = "motion"', "debounce_ms = 50", "point.see.debounce_ms", "hangs on no wire"),
        ('confirm = "motion"', "seconds = 5", "point.see.seconds", "only loitering takes its time"),
        ('confirm = "motion"', "beyond = [0, 0]", "point.see.beyond", "only a line has two sides"),
        ("seconds = 20\n", "", "point.lingers.seconds", 'missing key "seconds": how long is too long'),
        ("seconds = 20\n", 'seconds = 20\nconfirm = "motion"\n', "point.lingers.confirm", "only people are"),
        ("[[0.2, 0.5], [0.8, 0.5]]", "[[0.2, 0.5], [0.2, 0.5]]", "point.fence.shape", "is no line"),
        ("[[0.2, 0.5], [0.8, 0.5]]", "[[0.2, 0.5], [0.8, 0.5], [1, 1]]", "point.fence.shape", "is no line"),
        ("beyond = [0.5, 0.9]", "beyond = [0.4, 0.5]", "point.fence.beyond", "lies on the line itself"),
        ("beyond = [0.5, 0.4]", "beyond = [0.4, 0.6]", "camera.cam.counts", "lies on the line itself"),
        ('enters = "room"', 'enters = "nowhere"', "camera.cam.counts[0].enters", "no zone has the id"),
        ('door = "door"', 'door = "gate"', "camera.cam.counts[0].door", "no door has the id"),
        (
            'camera = "cam"\nsees = "line"',
            'camera = "eye"\nsees = "line"',
            "point.fence.camera",
            "no camera has the id",
        ),
        ('sensitivity = "high"', 'sensitivity = "utmost"', "camera.cam.motion.sensitivity", "unknown word"),
        ("[[0, 0], [1, 0], [1, 0.1]]", "[[0, 0], [1, 0]]", "camera.cam.motion.ignore[0]", "has 2 elements"),
    ],
)
def test_what_makes_no_sense_is_refused(before: str, after: str, where: str, problem: str) -> None:
    found = refused(before, after)
    assert any(at == where and problem in said for at, said in found), found


def test_a_camera_counts_at_doors_that_tell_of_their_openings_once_and_into_one_of_their_zones() -> None:
    counted = '{ door = "door", line = [[0.3, 0.6], [0.7, 0.6]], beyond = [0.5, 0.4], enters = "room" }'
    twice = refused(counted, f"{counted}, {counted}")
    assert ("camera.cam.counts", '"door" is counted at already, by "cam"') in twice
    other = CAMERA.replace('id = "cam"', 'id = "eye"')
    with pytest.raises(SiteErrors) as caught:
        read(WHOLE + other)
    assert [error.problem for error in caught.value.errors] == ['"door" is counted at already, by "cam"']
    with pytest.raises(SiteErrors) as caught:
        read(SMALL + CAMERA + POINTS)
    assert any("has no contact: nobody knows when it is opened" in error.problem for error in caught.value.errors)


def test_whoever_enters_goes_where_the_door_leads() -> None:
    zone = (
        SEEN
        + """
[[zone]]
id = "attic"
name = "Attic"
level = "controlled"
minimum_assurance = "copyable"
shape = [[0, 0], [1, 0], [1, 1]]
"""
    )
    with pytest.raises(SiteErrors) as caught:
        read(zone + CAMERA.replace('enters = "room"', 'enters = "attic"') + POINTS)
    assert any('"door" does not lead to "attic"' in error.problem for error in caught.value.errors)
    assert OUTSIDE in read().doors["door"].zones


def test_what_changed_is_told() -> None:
    sentences = compare(read(), read(WHOLE.replace('"high"', '"low"').replace('confirm = "motion"', "")))
    assert any(sentence.startswith("camera cam: motion") for sentence in sentences), sentences
    assert any(sentence.startswith("point see: sight") for sentence in sentences), sentences
