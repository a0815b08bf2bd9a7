import cv2
import numpy as np
import pytest
import simplejpeg

from simulators import faces
from vision.matching import load_calibration, mean_template
from vision.messages import DIMENSIONS, EngineKind, TemplateMode
from vision.models import ENGINE_NAMES, PINNED, ModelRefusedError, Weights, check_model, load_engine

SAME = load_calibration().thresholds[TemplateMode.MEAN].same


@pytest.mark.parametrize("name", faces.NAMES)
def test_the_same_person_in_another_variant_lies_well_below_the_threshold(embeddings, name):
    *enrolled, presented = embeddings(name)
    assert load_calibration().distance(mean_template(enrolled), presented) < SAME / 2


def test_the_two_people_lie_apart_and_above_the_threshold(embeddings):
    template = mean_template(embeddings("astronaut"))
    distances = [load_calibration().distance(template, one) for one in embeddings("hopper")]
    assert min(distances) > SAME * 1.2


def test_an_empty_wall_has_no_face(engine):
    assert engine.find(np.full((240, 320, 3), 128, dtype=np.uint8)) == ()


def test_a_wide_image_is_searched_smaller_and_its_faces_told_in_its_own_pixels(engine):
    head = cv2.resize(faces.head("hopper"), (900, 900))
    wide = np.full((1080, 1920, 3), 128, dtype=np.uint8)
    wide[100:1000, 800:1700] = head
    (found,) = engine.find(wide)
    assert 800 < found.left < found.right < 1700
    assert 300 < found.between_ears < 700


def test_a_picture_of_another_size_before_changes_nothing(engine):
    """OpenCV's network is wrong from the second size on that it is given."""
    picture = np.asarray(simplejpeg.decode_jpeg(faces.enrolment_images("hopper")[0]))
    before = engine.find(picture)
    for side in (640, 200, 480, 96, 160, 256, 320, 384, 416):
        engine.find(cv2.resize(picture, (side, side * 3 // 4)))
    assert engine.find(picture) == before
    assert len(before) == 1


def test_every_engine_says_its_name_and_gives_numbers_of_length_one(every_engine):
    picture = np.asarray(simplejpeg.decode_jpeg(faces.enrolment_images("astronaut")[0]))
    (face,) = every_engine.find(picture)
    embedding = every_engine.embed(picture, face)
    parts = (
        np.split(embedding, [DIMENSIONS[EngineKind.DLIB]]) if every_engine.kind is EngineKind.FUSION else [embedding]
    )
    assert every_engine.name == ENGINE_NAMES[every_engine.kind]
    assert embedding.shape == (DIMENSIONS[every_engine.kind],)
    assert [float(np.linalg.norm(part)) for part in parts] == pytest.approx([1.0] * len(parts), abs=1e-5)


def test_five_landmarks_lie_where_the_eyes_nose_and_mouth_are(engine):
    picture = np.asarray(simplejpeg.decode_jpeg(faces.enrolment_images("hopper")[0]))
    (face,) = engine.find(picture)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


def test_a_model_whose_hash_differs_is_refused_with_what_to_do(tmp_path):
    name = next(iter(PINNED))
    (tmp_path / name).write_bytes(b"another model")
    with pytest.raises(ModelRefusedError, match=f"{name} is not the one that was calibrated.*: install it"):
        check_model(Weights(tmp_path / name, "install it"), PINNED)


def test_a_missing_model_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(ModelRefusedError, match=r"gone\.dat is missing: install it"):
        check_model(Weights(tmp_path / "gone.dat", "install it"), PINNED)


@pytest.mark.parametrize("kind", EngineKind)
def test_a_model_nobody_pinned_is_refused(kind):
    with pytest.raises(ModelRefusedError, match="not the one that was calibrated"):
        load_engine(kind, pinned={})
