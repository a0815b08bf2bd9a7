import numpy as np
import pytest

from simulators import faces
from vision.matching import distance, load_calibration, mean_template
from vision.messages import TemplateMode
from vision.models import ENGINE_NAME, PINNED, ModelRefusedError, check_models, load_engine

SAME = load_calibration().thresholds[TemplateMode.MEAN].same


@pytest.mark.parametrize("name", faces.NAMES)
def test_the_same_person_in_another_variant_lies_well_below_the_threshold(embeddings, name):
    *enrolled, presented = embeddings(name)
    assert distance(mean_template(enrolled), presented) < SAME / 2


def test_the_two_people_lie_apart_and_above_the_threshold(embeddings):
    template = mean_template(embeddings("astronaut"))
    distances = [distance(template, one) for one in embeddings("hopper")]
    assert min(distances) > SAME + 0.1
    assert np.mean(distances) == pytest.approx(0.67, abs=0.05)


def test_an_empty_wall_has_no_face(engine):
    assert engine.find(np.full((240, 320, 3), 128, dtype=np.uint8)) == ()


def test_a_wide_image_is_searched_smaller_and_its_faces_told_in_its_own_pixels(engine):
    import cv2

    head = cv2.resize(faces.head("hopper"), (900, 900))
    wide = np.full((1080, 1920, 3), 128, dtype=np.uint8)
    wide[100:1000, 800:1700] = head
    (found,) = engine.find(wide)
    assert 800 < found.left < found.right < 1700
    assert 300 < found.between_ears < 700


def test_the_engine_says_its_name(engine):
    assert engine.name == ENGINE_NAME


def test_a_model_whose_hash_differs_is_refused_with_what_to_do(tmp_path):
    name = next(iter(PINNED))
    (tmp_path / name).write_bytes(b"another model")
    with pytest.raises(ModelRefusedError, match=f"{name} is not the one that was calibrated.*install"):
        check_models((tmp_path / name,), PINNED)


def test_a_missing_model_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(ModelRefusedError, match=r"gone\.dat is missing: install"):
        check_models((tmp_path / "gone.dat",), PINNED)


def test_a_model_nobody_pinned_is_refused():
    with pytest.raises(ModelRefusedError, match="not the one that was calibrated"):
        load_engine(pinned={})
