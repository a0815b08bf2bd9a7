import numpy as np
import pytest
import simplejpeg

from simulators.faces import ENROLMENT, NAMES, PHOTO_SIDE, enrolment_images, head


@pytest.mark.parametrize("name", NAMES)
def test_each_person_comes_in_six_photos_or_more_all_different(name):
    photos = enrolment_images(name)
    assert len(photos) == len(ENROLMENT) >= 6
    assert len(set(photos)) == len(photos)
    assert {simplejpeg.decode_jpeg(photo).shape for photo in photos} == {(PHOTO_SIDE, PHOTO_SIDE, 3)}


def test_a_head_is_square_and_the_two_people_are_not_one():
    heads = [head(name) for name in NAMES]
    assert all(image.shape[0] == image.shape[1] and image.dtype == np.uint8 for image in heads)
    assert heads[0].shape != heads[1].shape


def test_nobody_else_is_known():
    with pytest.raises(KeyError):
        head("mallory")
