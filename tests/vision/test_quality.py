import cv2
import numpy as np
import pytest

from vision.models import Face
from vision.quality import DOOR, Quality, quality, sharpness

SHARP = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
DULL = cv2.GaussianBlur(SHARP, (0, 0), 8)


def face(between_ears: float = 100.0, left: int = 20) -> Face:
    return Face(top=20, right=left + 120, bottom=140, left=left, between_ears=between_ears)


@pytest.mark.parametrize(
    ("image", "faces", "expected"),
    [
        (SHARP, [], Quality.NOBODY),
        (SHARP, [face()], Quality.GOOD),
        (SHARP, [face(), face(left=60)], Quality.SEVERAL_FACES),
        (SHARP, [face(between_ears=60.0)], Quality.GOOD),
        (SHARP, [face(between_ears=59.9)], Quality.TOO_SMALL),
        (DULL, [face()], Quality.BLURRED),
        (SHARP, [face(left=300)], Quality.BLURRED),
    ],
    ids=["nobody", "good", "two people", "just large enough", "just too small", "blurred", "outside the image"],
)
def test_a_frame_is_worth(image, faces, expected):
    assert quality(image, faces) is expected


def test_a_real_face_passes_and_the_same_face_out_of_focus_does_not(engine):
    from simulators.scene import Scene, drawn

    image = drawn("lobby", Scene(("astronaut",)), 0)
    (found,) = engine.find(image)
    assert quality(image, [found]) is Quality.GOOD
    assert sharpness(cv2.GaussianBlur(image, (0, 0), 3), found) < DOOR.sharpness < sharpness(image, found)
