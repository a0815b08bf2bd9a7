import numpy as np

from vision.motion import STAYS_AWAKE, Motion, seen

EMPTY = np.full((360, 480), 100, dtype=np.uint8)


def with_somebody(plane: np.ndarray) -> np.ndarray:
    changed = plane.copy()
    changed[100:200, 200:280] = 160
    return changed


def noisy(seed: int) -> np.ndarray:
    return EMPTY + np.random.default_rng(seed).integers(0, 6, EMPTY.shape, dtype=np.uint8)


def test_the_first_frame_counts_as_motion_and_an_empty_corridor_falls_asleep():
    motion = seen(Motion(), EMPTY, 0.0)
    assert motion.awake(STAYS_AWAKE)
    for second in range(1, 6):
        motion = seen(motion, noisy(second), float(second))
    assert not motion.awake(5.0)


def test_somebody_stepping_in_wakes_it():
    motion = seen(seen(Motion(), EMPTY, 0.0), EMPTY, 10.0)
    assert not motion.awake(10.0)
    assert seen(motion, with_somebody(EMPTY), 10.2).awake(10.2)


def test_a_camera_of_another_size_begins_anew():
    motion = seen(seen(Motion(), EMPTY, 0.0), np.full((90, 160), 100, dtype=np.uint8), 0.2)
    assert seen(motion, np.full((480, 480), 100, dtype=np.uint8), 9.0).moved_at == 9.0
