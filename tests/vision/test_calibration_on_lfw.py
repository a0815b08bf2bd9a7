"""The committed thresholds against a few people of LFW, whose photos may not ship."""

import os
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from vision.matching import distance, load_calibration, mean_template
from vision.messages import TemplateMode

DATA = Path(os.environ.get("OSTIARY_TEST_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
LFW = DATA / "faces" / "lfw"
PEOPLE, PHOTOS = 7, 8


def embedded(engine, person: Path) -> list:
    found = []
    for photo in sorted(person.glob("*.jpg"))[:PHOTOS]:
        image = np.asarray(simplejpeg.decode_jpeg(photo.read_bytes()))
        middle = image.shape[1] / 2
        seen = sorted(engine.find(image), key=lambda face: abs((face.left + face.right) / 2 - middle))
        found += [engine.embed(image, seen[0])] if seen else []
    return found


@pytest.mark.skipif(not LFW.is_dir(), reason=f"no test photos in {LFW}: set OSTIARY_TEST_DATA to run this")
def test_the_mean_threshold_keeps_strangers_out_and_lets_most_holders_in(engine):
    many = [person for person in sorted(LFW.iterdir()) if len(list(person.glob("*.jpg"))) >= PHOTOS]
    faces = [embedded(engine, person) for person in many[:: max(1, len(many) // PEOPLE)][:PEOPLE]]
    same = load_calibration().thresholds[TemplateMode.MEAN].same
    templates = [mean_template(person[:5]) for person in faces]
    holders = [distance(templates[i], one) for i, person in enumerate(faces) for one in person[5:]]
    strangers = [
        distance(template, one)
        for i, template in enumerate(templates)
        for j, person in enumerate(faces)
        if i != j
        for one in person
    ]
    assert len(strangers) > 200
    assert np.mean(np.array(strangers) <= same) == 0.0
    assert np.mean(np.array(holders) <= same) > 0.7
