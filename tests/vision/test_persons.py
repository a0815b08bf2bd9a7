"""The detector of people: its network is made of what the package ships, and finds whom it should."""

import cv2
import numpy as np
import orjson
import pytest

from simulators.scene import Scene, drawn
from vision.models import ModelRefusedError, Weights, check_model, person_detector
from vision.persons import ENDS, PersonFinder
from vision.tfjs import UnknownGraphError, as_onnx

GRAPH, WEIGHTS = person_detector()


@pytest.fixture(scope="module")
def finder():
    return PersonFinder(GRAPH, WEIGHTS)


def test_somebody_is_found_in_their_own_pixels_and_nobody_in_an_empty_corridor(finder):
    (walker,) = finder.find(drawn("cam", Scene(walking=1), 6))
    left, top, right, bottom = walker.box
    assert 30 < left < 70 < 110 < right < 150
    assert 90 < top < 115
    assert 320 < bottom < 350
    assert walker.likely > 0.6
    assert finder.find(drawn("cam", Scene(), 6)) == []


def test_two_are_two_the_likelier_first_and_a_larger_picture_tells_of_the_same(finder):
    image = drawn("cam", Scene(walking=2), 15)
    found = finder.find(image)
    assert len(found) == 2
    assert found[0].likely >= found[1].likely
    double = finder.find(cv2.resize(image, (960, 720)))
    assert np.allclose(sorted(p.box for p in double), 2 * np.array(sorted(p.box for p in found)), atol=12)


def test_boxes_stay_in_the_picture(finder):
    image = drawn("cam", Scene(walking=1), 6)[:, 60:140]
    for person in finder.find(np.ascontiguousarray(image), 0.1):
        assert person.box[0] >= 0
        assert person.box[2] <= 80


def test_weights_that_are_not_the_ones_listed_are_refused(tmp_path):
    other = tmp_path / "nanodet.bin"
    other.write_bytes(WEIGHTS.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelRefusedError, match="differs"):
        check_model(Weights(other, "install again"), {"nanodet.bin": "0" * 64})


def test_a_graph_with_what_is_not_known_is_refused_by_name():
    document = orjson.loads(GRAPH.read_bytes())
    for node in document["modelTopology"]["node"]:
        if node["op"] == "LeakyRelu":
            node["op"] = "Selu"
    with pytest.raises(UnknownGraphError, match="Selu"):
        as_onnx(orjson.dumps(document), WEIGHTS.read_bytes(), ENDS)
