import numpy as np
import pytest

from simulators.encoding import nal_units
from simulators.scene import COVERED, EMPTY, HEIGHT, LOOP_FRAMES, WIDTH, Scene, drawn, loop

IDR, SPS, PPS = 5, 7, 8


@pytest.mark.parametrize("scene", [EMPTY, COVERED, Scene(("hopper",)), Scene(("astronaut", "hopper"), far=True)])
def test_a_loop_begins_with_parameter_sets_and_an_idr_picture(scene):
    film = loop("lobby", scene)
    assert len(film.pictures) == LOOP_FRAMES
    kinds = [nal[0] & 0x1F for nal in film.pictures[0]]
    assert {SPS, PPS, IDR} <= set(kinds)
    assert [parameter_set[0] & 0x1F for parameter_set in film.parameter_sets] == [SPS, PPS]


def test_every_scene_has_the_same_parameter_sets_so_that_cutting_breaks_no_decoder():
    assert loop("lobby", EMPTY).parameter_sets == loop("lobby", Scene(("hopper",))).parameter_sets


def test_a_person_changes_the_picture_near_more_than_far_and_a_cover_blackens_it():
    empty = drawn("lobby", EMPTY, 0).astype(int)
    assert empty.shape == (HEIGHT, WIDTH, 3)
    near, far = (
        np.count_nonzero(drawn("lobby", Scene(("hopper",), far=far), 0).astype(int) - empty) for far in (False, True)
    )
    assert near > 4 * far > 0
    assert drawn("lobby", COVERED, 0).max() < 20


def test_a_byte_stream_is_split_at_its_start_codes():
    assert nal_units(b"\x00\x00\x00\x01\x67ab\x00\x00\x01\x68c\x00\x00\x00\x01\x65de") == (b"gab", b"hc", b"ede")
