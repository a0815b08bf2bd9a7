import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.rates import SAMPLES, Genuine, Strangers, interval, samples, strangers_of, wilson

PEOPLE = np.array([0, 0, 1, 1, 1, 2])


def rows_of(places):
    for index in range(len(places)):
        yield np.abs(places[index + 1 :] - places[index])


def brute(places, people):
    return sorted(abs(places[i] - places[j]) for i in range(len(places)) for j in range(i) if people[i] != people[j])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1000)), min_size=2, max_size=40), st.floats(0, 1000))
def test_every_distance_up_to_the_threshold_is_counted_and_no_own_one(faces, at):
    people, places = np.array([p for p, _ in faces]), np.array([float(x) for _, x in faces])
    found = strangers_of(people, rows_of(places), at=at)
    expected = brute(places, people)
    assert found.total == len(expected)
    if expected:
        let_in = sum(distance <= np.float32(at) for distance in expected)
        assert found.fmr(at) == pytest.approx(let_in / len(expected))


def test_the_threshold_of_a_rate_lets_in_no_more_than_that():
    draw = np.random.default_rng(1)
    people, places = np.arange(400), draw.uniform(0, 1, 400)
    found = strangers_of(people, rows_of(places))
    threshold = found.threshold(1e-3)
    assert np.mean(np.array(brute(places, people)) <= threshold) <= 1e-3
    assert np.mean(np.array(brute(places, people)) <= threshold * 1.05) > 1e-3


def test_templates_against_photos_count_both_sides():
    found = Strangers(np.array([1, 1, 0]), np.array([2, 3, 1]), across=True, at=1.0)
    found.add(np.array([0.5, 2.0, 2.0, 2.0]), 0, np.array([1, 1, 1, 2]))
    found.add(np.array([2.0, 0.1, 2.0]), 1, np.array([0, 0, 2]))
    assert found.total == 7
    assert found.fmr(1.0) == pytest.approx(2 / 7)
    assert [tuple(pair) for pair in found.pairs[:2]] == [(1, 0), (0, 1)]


def test_a_person_drawn_twice_is_no_stranger_to_himself():
    found = strangers_of(PEOPLE, rows_of(np.zeros(6)), at=0.0)
    twice = np.array([[2, 0, 1]])
    assert found.sampled_fmr(0.0, twice) == pytest.approx([1.0])
    assert found._totals(twice).tolist() == [4 * 1]


def test_a_face_that_was_not_found_is_not_let_in():
    genuine = Genuine(np.array([0.1, 0.3, np.inf, 0.2]), np.array([0, 0, 1, 2]))
    assert genuine.tar(0.25) == 0.5
    assert genuine.tar(1e9) == 0.75
    every_person_once = np.ones((1, 3), np.int64)
    assert genuine.sampled_tar(np.array([0.25]), every_person_once) == pytest.approx([0.5])
    assert genuine.sampled_tar(np.array([0.25]), np.array([[0, 0, 3]])) == pytest.approx([1.0])


def test_people_are_drawn_with_replacement_and_the_same_way_each_time():
    drawn = samples(7)
    assert drawn.shape == (SAMPLES, 7)
    assert set(drawn.sum(axis=1)) == {7}
    assert np.array_equal(drawn, samples(7))


def test_no_error_among_few_is_no_proof_of_none():
    low, high = interval(np.zeros(SAMPLES), 0.0, 100)
    assert low == 0.0
    assert high == pytest.approx(0.037, abs=0.001)
    assert wilson(0.5, 0) == (0.0, 1.0)


def test_one_bad_person_makes_the_interval_wider_than_as_many_independent_errors():
    people = np.repeat(np.arange(20), 50)
    distances = np.where(people == 0, 9.0, 0.0)
    genuine = Genuine(distances, people)
    sampled = genuine.sampled_tar(np.full(SAMPLES, 1.0), samples(20))
    low, high = interval(sampled, genuine.tar(1.0), 1000)
    wilson_low, _ = wilson(0.95, 1000)
    assert low < wilson_low - 0.03
    assert high == 1.0
