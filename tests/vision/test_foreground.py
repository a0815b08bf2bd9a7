"""What stands out of a background, and what only looks as if it did."""

import cv2
import numpy as np

from vision.foreground import ABSORBS_IN, SETTLES_IN, Ground, looked, small

HEIGHT, WIDTH = 180, 320


def corridor(shift=0):
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.clip(100 + 30 * np.sin(columns / 9) + 20 * np.sin(rows / 7) + shift, 0, 255).astype(np.uint8)


def with_somebody(plane, left=100):
    changed = plane.copy()
    changed[60:150, left : left + 30] = 220
    return changed


def settled(plane=None, *, seconds=SETTLES_IN + 1.0, noise=0):
    ground: Ground | None = None
    chance = np.random.default_rng(1)
    plane = corridor() if plane is None else plane
    for now in np.arange(0.0, seconds, 0.2):
        noisy = np.clip(plane + chance.integers(-noise, noise + 1, plane.shape), 0, 255).astype(np.uint8)
        ground, blobs = looked(ground, noisy, float(now), least=0.003)
        assert blobs == ()
    return ground, seconds


def test_somebody_is_one_blob_in_its_place():
    ground, now = settled()
    _, (blob,) = looked(ground, with_somebody(corridor()), now, least=0.003)
    assert np.allclose(blob.box, (100 / WIDTH, 60 / HEIGHT, 130 / WIDTH, 150 / HEIGHT), atol=0.02)
    assert abs(blob.share - 30 * 90 / (HEIGHT * WIDTH)) < 0.003


def test_what_is_smaller_than_asked_for_is_nothing():
    ground, now = settled()
    share = 30 * 90 / (HEIGHT * WIDTH)
    assert looked(ground, with_somebody(corridor()), now, least=share * 0.8)[1]
    assert not looked(ground, with_somebody(corridor()), now, least=share * 1.25)[1]


def test_before_a_background_is_settled_nothing_counts():
    ground, _ = looked(None, corridor(), 0.0, least=0.003)
    assert looked(ground, with_somebody(corridor()), SETTLES_IN - 0.1, least=0.003)[1] == ()
    assert looked(ground, with_somebody(corridor()), SETTLES_IN, least=0.003)[1] != ()


def test_a_light_that_is_switched_is_nobody_and_neither_is_noise_or_a_shadow():
    ground, now = settled(noise=4)
    assert looked(ground, corridor(40), now, least=0.003)[1] == ()
    shadow = corridor()
    shadow[60:150, 100:160] = (shadow[60:150, 100:160] * 0.7).astype(np.uint8)
    assert looked(ground, shadow, now, least=0.003)[1] == ()
    other = np.full_like(corridor(), 5)
    started, blobs = looked(ground, other.T.reshape(other.shape) + (corridor() > 100) * 240, now, least=0.003)
    assert blobs == ()
    assert started.since in (ground.since, now)


def test_the_picture_of_another_size_and_a_scene_that_is_all_new_begin_anew():
    ground, now = settled()
    cut, blobs = looked(ground, corridor()[:90], now, least=0.003)
    assert (cut.since, blobs) == (now, ())
    upside = 255 - corridor()
    upside[: HEIGHT // 2] = 0
    new, blobs = looked(
        ground, np.random.default_rng(3).integers(0, 256, upside.shape).astype(np.uint8), now, least=0.003
    )
    assert (new.since, blobs) == (now, ())


def test_where_nothing_counts_nothing_is_seen():
    ground, now = settled()
    ignored = np.zeros((HEIGHT, WIDTH), dtype=bool)
    ignored[:, 90:140] = True
    assert looked(ground, with_somebody(corridor()), now, least=0.003, ignored=ignored)[1] == ()
    assert looked(ground, with_somebody(corridor(), 200), now, least=0.003, ignored=ignored)[1] != ()


def test_what_stands_still_belongs_to_the_background_in_the_end_and_not_at_once():
    ground, now = settled()
    seen = []
    for later in np.arange(now, now + 3 * ABSORBS_IN, 2.0):
        ground, blobs = looked(ground, with_somebody(corridor()), float(later), least=0.003)
        seen.append(bool(blobs))
    assert all(seen[: int(ABSORBS_IN / 4 / 2.0)])
    assert not seen[-1]


def test_a_plane_is_small_and_single_drops_fade():
    large = np.full((720, 1280), 100, dtype=np.uint8)
    cv2.line(large, (400, 300), (395, 330), 200, 1)
    plane = small(large)
    assert plane.shape == (180, 320)
    assert plane.max() < 100 + 40
