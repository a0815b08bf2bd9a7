import cv2
import numpy as np
import pytest

from vision.models import Face
from vision.quality import LIVE, Quality, quality, sharpness

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


@pytest.mark.parametrize("light", [1.0, 0.6, 0.4, 0.25])
def test_a_real_face_passes_in_any_light_and_the_same_face_out_of_focus_does_not(engine, light):
    from simulators.scene import Scene, drawn

    image = drawn("lobby", Scene(("astronaut",)), 0)
    (found,) = engine.find(image)
    seen = np.rint(image * light).astype(np.uint8)
    assert quality(seen, [found], LIVE) is Quality.GOOD
    assert quality(cv2.GaussianBlur(seen, (0, 0), 3), [found], LIVE) is Quality.BLURRED
    if light < 1:
        lit = np.rint(image * 0.6).astype(np.uint8)
        assert sharpness(seen, found) == pytest.approx(sharpness(lit, found), rel=0.1)


def test_in_the_dark_nobody_is_judged_by_the_noise():
    dark = np.random.default_rng(2).integers(0, 6, (200, 200, 3), dtype=np.uint8)
    assert quality(dark, [face()], LIVE) is Quality.BAD_LIGHT
