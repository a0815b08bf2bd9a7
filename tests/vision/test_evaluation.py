from pathlib import Path

import numpy as np
import pytest

from vision.evaluation import Pair, PairsError, evaluated, photo_path, photos_of, read_pairs
from vision.matching import Calibration, Threshold
from vision.messages import DIMENSIONS, EngineKind, TemplateMode
from vision.photos import Photo, Problem

LIMITS = Calibration(EngineKind.DLIB, "test", {TemplateMode.SINGLE: Threshold(0.5, 1.0, 1e-4)})
TEXT = "1\t2\nAda\t1\t2\nBob\t1\t2\nAda\t1\tBob\t2\nAda\t2\tCy\t1\n"


def photo(axis):
    row = np.zeros(DIMENSIONS[EngineKind.DLIB], dtype=np.float32)
    row[axis] = 1.0
    return Photo(Path("x"), row)


def everybody(**other):
    photos = {
        ("Ada", 1): photo(0),
        ("Ada", 2): photo(0),
        ("Bob", 1): photo(1),
        ("Bob", 2): photo(1),
        ("Cy", 1): photo(2),
    }
    return photos | {("Cy" if name == "cy" else name, 1): value for name, value in other.items()}


def test_pairs_are_read_as_lfw_has_them_with_tabs_or_spaces():
    pairs = read_pairs(TEXT)
    assert pairs == read_pairs(TEXT.replace("\t", " "))
    assert pairs[0] == Pair(("Ada", 1), ("Ada", 2))
    assert [pair.genuine for pair in pairs] == [True, True, False, False]
    assert photos_of(pairs) == [("Ada", 1), ("Ada", 2), ("Bob", 1), ("Bob", 2), ("Cy", 1)]
    assert photo_path(Path("f"), ("Ada", 7)) == Path("f/Ada/Ada_0007.jpg")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no pair"),
        ("10\t300\n", "there is no pair"),
        ("Ada\t1\n", "line 1 is no pair"),
        ("Ada\tx\t2", "line 1"),
    ],
)
def test_what_is_no_list_of_pairs_is_refused_with_its_line(text, sentence):
    with pytest.raises(PairsError, match=sentence):
        read_pairs(text)


def test_strangers_are_all_against_all_and_genuine_pairs_those_listed():
    report = evaluated(read_pairs(TEXT), everybody(), LIMITS)
    assert report["images"] == 5
    assert report["genuine"] == 2
    assert report["impostor"] == 2 * 2 + 2 * 1 + 2 * 1
    assert (report["fmr"], report["tar"], report["tar_at_1e_4"]) == (0.0, 1.0, 1.0)
    for rate in ("fmr", "tar", "tar_at_1e_3", "tar_at_1e_4"):
        low, high = report[f"{rate}_ci"]
        assert 0.0 <= low <= report[rate] <= high <= 1.0


def test_a_face_not_found_or_too_poor_fails_its_pairs_and_is_nobodys_stranger():
    photos = everybody()
    photos[("Ada", 2)] = Photo(Path("x"), Problem.NOT_FOUND)
    photos[("Cy", 1)] = Photo(Path("x"), Problem.BLURRED)
    report = evaluated(read_pairs(TEXT), photos, LIMITS)
    assert (report["not_found"], report["refused"]) == (1, 1)
    assert report["tar"] == report["tar_at_1e_3"] == 0.5
    assert report["impostor"] == 2


def test_a_stranger_who_looks_alike_counts():
    photos = everybody()
    photos[("Cy", 1)] = photo(0)
    report = evaluated(read_pairs(TEXT), photos, LIMITS)
    assert report["fmr"] == pytest.approx(2 / 8)
    assert report["tar"] == 1.0
    assert report["tar_at_1e_4"] == 0.0, "no threshold tells Ada from Cy"


def test_a_photo_that_is_not_there_takes_its_pairs_with_it():
    photos = everybody()
    del photos[("Bob", 2)]
    report = evaluated(read_pairs(TEXT), photos, LIMITS)
    assert (report["images"], report["missing"], report["pairs_left_out"], report["genuine"]) == (4, 1, 2, 1)
    assert report["tar"] == 1.0


def test_a_set_without_one_face_is_a_set_in_which_nobody_gets_in():
    photos = {name: Photo(Path("x"), Problem.NOT_FOUND) for name in everybody()}
    report = evaluated(read_pairs(TEXT), photos, LIMITS)
    assert (report["not_found"], report["impostor"], report["tar"], report["fmr"]) == (5, 0, 0.0, 0.0)
