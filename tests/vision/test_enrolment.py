import cv2
import numpy as np
import simplejpeg

from simulators import faces
from vision.enrolment import begin, next_photo, result
from vision.matching import from_bytes, load_calibration
from vision.messages import Enrol, Enrolled, EnrolmentRefused, PhotoProblem


def enrol(engine, photos):
    enrolment = begin(Enrol("r1", "alice", tuple(photos)))
    while enrolment.waiting:
        enrolment = next_photo(enrolment, engine)
    return result(enrolment, load_calibration(engine.kind))


def jpeg(image):
    return simplejpeg.encode_jpeg(np.ascontiguousarray(image))


def test_good_photos_make_a_template_of_that_person(engine, embeddings):
    enrolled = enrol(engine, faces.enrolment_images("hopper"))
    assert isinstance(enrolled, Enrolled)
    assert (enrolled.used, enrolled.photos, enrolled.engine) == (7, (None,) * 7, engine.name)
    template = from_bytes(enrolled.template, enrolled.mode)
    assert load_calibration().distance(template, embeddings("hopper")[0]) < 0.2


def test_bad_photos_are_left_out_and_named(engine):
    head = cv2.resize(faces.head("hopper"), (320, 320))
    bad = [
        b"no JPEG",
        jpeg(np.full((200, 200, 3), 90, dtype=np.uint8)),
        jpeg(np.hstack([head, cv2.resize(faces.head("astronaut"), (320, 320))])),
        jpeg(cv2.resize(head, (110, 110), interpolation=cv2.INTER_AREA)),
        jpeg(cv2.GaussianBlur(head, (0, 0), 4)),
        faces.enrolment_images("astronaut")[0],
    ]
    enrolled = enrol(engine, [*bad, *faces.enrolment_images("hopper")])
    assert isinstance(enrolled, Enrolled)
    assert enrolled.used == 7
    assert enrolled.photos == (
        PhotoProblem.UNREADABLE,
        PhotoProblem.NOBODY,
        PhotoProblem.SEVERAL_FACES,
        PhotoProblem.TOO_SMALL,
        PhotoProblem.BLURRED,
        PhotoProblem.ANOTHER_PERSON,
        *(None,) * 7,
    )


def test_four_good_photos_are_too_few(engine):
    refused = enrol(engine, faces.enrolment_images("hopper")[:4])
    assert refused == EnrolmentRefused("r1", "alice", (None,) * 4, PhotoProblem.TOO_FEW_PHOTOS)


def test_a_jpeg_that_claims_a_monstrous_size_is_not_decoded(engine):
    bomb = bytearray(jpeg(np.full((16, 16, 3), 90, dtype=np.uint8)))
    size = bomb.index(b"\xff\xc0") + 5
    bomb[size : size + 4] = (0xFFFF).to_bytes(2, "big") * 2
    refused = enrol(engine, [bytes(bomb)])
    assert isinstance(refused, EnrolmentRefused)
    assert refused.photos[0] is PhotoProblem.UNREADABLE


def test_every_engine_makes_a_template_that_knows_its_person_again(every_engine, embeddings):
    enrolled = enrol(every_engine, faces.enrolment_images("hopper"))
    assert isinstance(enrolled, Enrolled)
    limits = load_calibration(every_engine.kind)
    template = from_bytes(enrolled.template, enrolled.mode, every_engine.kind)
    same = limits.thresholds[enrolled.mode].same
    assert all(limits.distance(template, face) < same / 2 for face in embeddings("hopper", every_engine.kind))
    assert all(limits.distance(template, face) > same for face in embeddings("astronaut", every_engine.kind))
