"""``[faces]`` and ``liveness``: off unless said, whole where said, and no watch list without an approved assessment."""

from __future__ import annotations

import pytest

from controller.domain.faces import FaceRules, FaceWatch, Liveness
from controller.site.diff import compare
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site

CAMERA_LINE = 'camera = "cam-server"\n'


def read(text):
    return parse_site(text.encode(), "site.toml")


def errors(text):
    with pytest.raises(SiteErrors) as refused:
        read(text)
    return [(error.where, error.problem, error.mend) for error in refused.value.errors]


def test_nothing_is_allowed_that_is_not_written(embassy):
    site = read(embassy)
    assert site.faces == FaceRules()
    assert all(reader.liveness is Liveness.OFF for reader in site.readers.values())


def test_what_is_written_is_read_and_told_as_a_difference(embassy):
    said = '\n[faces]\nportraits = true\n\n[faces.watch_list]\nimpact_assessment = "DPIA-7"\ncameras = ["cam-server"]\n'
    site = read(embassy + said)
    assert site.faces == FaceRules(portraits=True, watch_list=FaceWatch("DPIA-7", frozenset({"cam-server"})))
    (told,) = compare(read(embassy), site)
    assert "DPIA-7" in told


@pytest.mark.parametrize(
    ("said", "where", "words"),
    [
        ('[faces.watch_list]\ncameras = ["cam-server"]\n', "faces.watch_list.impact_assessment", "approved assessment"),
        ('[faces.watch_list]\nimpact_assessment = "D"\n', "faces.watch_list.cameras", ""),
        ('[faces.watch_list]\nimpact_assessment = "D"\ncameras = ["nowhere"]\n', "faces.watch_list.cameras", "nowhere"),
        ("[faces]\nportrait = true\n", "faces.portrait", ""),
    ],
)
def test_a_half_written_table_is_refused(embassy, said, where, words):
    (where_, problem, mend), *_ = errors(f"{embassy}\n{said}")
    assert where_.startswith(where)
    assert words in f"{problem} {mend}"


def test_a_gesture_takes_its_time(embassy):
    assert embassy.count(CAMERA_LINE) == 1
    asks = embassy.replace(CAMERA_LINE, f'{CAMERA_LINE}liveness = "challenge"\nchallenge_seconds = %s\n')
    assert embassy.count("challenge_seconds") >= 0
    (error,) = errors(asks % "7.9")
    assert error[0] == "reader.server-in.challenge_seconds"
    assert "asks for a gesture and leaves 7.9 seconds" in error[1]
    assert read(asks % "8").readers["server-in"].liveness is Liveness.CHALLENGE
