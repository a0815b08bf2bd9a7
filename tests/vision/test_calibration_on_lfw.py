"""The committed thresholds against a few people of LFW, whose photos may not ship."""

import os
from pathlib import Path

import numpy as np
import pytest

from vision.matching import load_calibration, mean_template
from vision.messages import TemplateMode
from vision.photos import Problem, face_in, read_photo

DATA = Path(os.environ.get("OSTIARY_TEST_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
LFW = DATA / "faces" / "lfw"
PEOPLE, PHOTOS = 7, 8


def embedded(engine, person: Path) -> list:
    photos = sorted(person.glob("*.jpg"))[:PHOTOS]
    faces = [face_in(read_photo(photo), engine) for photo in photos]
    return [face for face in faces if not isinstance(face, Problem)]


@pytest.mark.skipif(not LFW.is_dir(), reason=f"no test photos in {LFW}: set OSTIARY_TEST_DATA to run this")
def test_the_mean_threshold_keeps_strangers_out_and_lets_most_holders_in(every_engine):
    kind, limits = every_engine.kind, load_calibration(every_engine.kind)
    many = [person for person in sorted(LFW.iterdir()) if len(list(person.glob("*.jpg"))) >= PHOTOS]
    faces = [embedded(every_engine, person) for person in many[:: max(1, len(many) // PEOPLE)][:PEOPLE]]
    same = limits.thresholds[TemplateMode.MEAN].same
    templates = [mean_template(person[:5], kind) for person in faces]
    holders = [limits.distance(templates[i], one) for i, person in enumerate(faces) for one in person[5:]]
    strangers = [
        limits.distance(template, one)
        for i, template in enumerate(templates)
        for j, person in enumerate(faces)
        if i != j
        for one in person
    ]
    assert len(strangers) > 200
    assert np.mean(np.array(strangers) <= same) == 0.0
    assert np.mean(np.array(holders) <= same) > 0.85
