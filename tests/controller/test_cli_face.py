"""`ostiary face` as somebody runs it: on folders of people, here the two whose portraits are in the public domain."""

import json

import pytest
from typer.testing import CliRunner

from controller.cli import app
from simulators import faces

PAIRS = "1\t2\nastronaut\t1\t2\nhopper\t3\t4\nastronaut\t1\thopper\t1\nhopper\t1\t99\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    for name in faces.NAMES:
        (root / name).mkdir()
        for number, jpeg in enumerate(faces.enrolment_images(name), 1):
            (root / name / f"{name}_{number:04}.jpg").write_bytes(jpeg)
    (root / "pairs.txt").write_text(PAIRS)
    (root / "empty.jpg").write_bytes(b"no picture")
    return root


def ostiary(*words):
    return CliRunner().invoke(app, ["face", *map(str, words)])


def test_a_labelled_set_is_judged_and_what_is_not_there_is_said(folder, tmp_path):
    report = tmp_path / "report.json"
    pairs = folder / "pairs.txt"
    done = ostiary("evaluate", "--pairs", pairs, "--images", folder, "--engine", "fusion", "--json", report)
    assert done.exit_code == 0, done.output
    assert "1 of 6 photos are not there and their pairs are left out" in done.output
    found = json.loads(report.read_text())
    assert (found["images"], found["not_found"], found["refused"], found["genuine"]) == (5, 0, 0, 2)
    assert (found["impostor"], found["fmr"], found["tar"], found["tar_at_1e_4"]) == (6, 0.0, 1.0, 1.0)
    assert {"fmr_ci", "tar_ci", "tar_at_1e_3", "tar_at_1e_3_ci", "tar_at_1e_4_ci", "threshold"} <= set(found)


def test_a_list_that_is_none_and_a_folder_without_the_photos_are_refused_in_a_sentence(folder, tmp_path):
    wrong = tmp_path / "pairs.txt"
    wrong.write_text("astronaut 1 two\n")
    refused = ostiary("evaluate", "--pairs", wrong, "--images", folder)
    assert (refused.exit_code, "line 1 is no pair" in refused.output) == (2, True)
    nowhere = ostiary("evaluate", "--pairs", folder / "pairs.txt", "--images", tmp_path)
    assert (nowhere.exit_code, "none of the photos" in nowhere.output) == (2, True)


def test_two_photos_are_compared(folder):
    one, other = folder / "hopper" / "hopper_0001.jpg", folder / "astronaut" / "astronaut_0001.jpg"
    same = ostiary("verify", one, folder / "hopper" / "hopper_0003.jpg", "--engine", "mobilefacenet")
    assert same.exit_code == 0
    assert same.output.startswith("the same person: distance 0.")
    assert "one stranger in 10,000" in same.output
    different = ostiary("verify", one, other, "--engine", "mobilefacenet")
    assert different.exit_code == 1
    assert different.output.startswith("not the same person")
    unreadable = ostiary("verify", one, folder / "empty.jpg", "--engine", "mobilefacenet")
    assert unreadable.exit_code == 2
    assert "empty.jpg is no JPEG that can be read" in unreadable.output


def test_thresholds_are_written_with_their_curves_and_read_again(folder, tmp_path):
    to = tmp_path / "ours.json"
    done = ostiary("calibrate", folder, "--fmr", "1e-3", "--to", to, "--about", "two portraits")
    assert done.exit_code == 0, done.output
    document = json.loads(to.read_text())
    assert document["about"]["photos"] == "two portraits"
    assert document["about"]["people"] == 2
    assert set(document["engines"]) == {"dlib", "mobilefacenet", "fusion"}
    assert (tmp_path / "ours.svg").read_text().count("<polyline") == 9
    one = folder / "hopper" / "hopper_0001.jpg"
    again = ostiary("verify", one, one, "--calibration", to)
    assert (again.exit_code, "one stranger in 1,000)" in again.output) == (0, True)


def test_a_calibration_that_cannot_be_is_refused_in_a_sentence(folder, tmp_path):
    assert "lies between" in ostiary("calibrate", folder, "--fmr", "0.5").output
    empty = ostiary("calibrate", tmp_path)
    assert (empty.exit_code, "takes somebody with 6 photos or more" in empty.output) == (2, True)
    other = tmp_path / "other.json"
    other.write_text('{"engines": {}}')
    one = folder / "hopper" / "hopper_0001.jpg"
    refused = ostiary("verify", one, one, "--calibration", other)
    assert (refused.exit_code, "no thresholds for the engine dlib" in refused.output) == (2, True)
