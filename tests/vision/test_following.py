"""Who is who from one picture to the next."""

from itertools import pairwise

from vision.following import LIKE_SOMEBODY, MOTION_PATIENCE, PATIENCE, Followed, followed, overlap
from vision.foreground import Blob


def box(left, *, top=0.3, wide=0.1, high=0.5):
    return (left, top, left + wide, top + high)


def blob(left, **more):
    found = box(left, **more)
    return Blob(found, (found[2] - found[0]) * (found[3] - found[1]))


def walked(lefts, *, people=True, every=0.2, start=Followed(), began=0.0):  # noqa: B008 - frozen
    now = start
    for step, left in enumerate(lefts):
        now = followed(now, [blob(left)], [box(left)] if people else None, began + step * every)
    return now


def test_somebody_who_walks_is_one_track_and_its_foot_is_where_it_stands():
    (track,) = walked([0.1, 0.13, 0.16, 0.2]).tracks
    assert (track.number, track.somebody) == (1, True)
    assert track.foot == ((0.2 + 0.3) / 2, 0.8)


def test_what_only_moves_is_somebody_once_it_moved_like_one():
    steps = [0.05 * step for step in range(12)]
    short = walked(steps[:4], people=False).tracks[0]
    assert not short.somebody
    far = walked(steps, people=False).tracks[0]
    assert far.reach >= LIKE_SOMEBODY
    assert far.somebody
    swaying = walked([0.1, 0.14] * 30, people=False).tracks[0]
    assert not swaying.somebody


def test_two_people_in_one_blob_are_two_and_the_blob_is_nobody_new():
    wide = Blob((0.1, 0.3, 0.32, 0.8), 0.1)
    both = followed(Followed(), [wide], [box(0.1), box(0.22)], 0.0)
    assert len(both.tracks) == 2
    hidden = followed(both, [wide], None, 0.2)
    assert [track.number for track in hidden.tracks] == [1, 2]
    assert followed(hidden, [wide], [box(0.1)], 0.4).tracks[1].seen == 0.4


def test_a_poster_is_nobody_and_somebody_known_who_stands_still_stays():
    assert followed(Followed(), [], [box(0.1)], 0.0).tracks == ()
    known = walked([0.1, 0.12])
    still = known
    for now in (1.0, 2.0, 3.0, 4.0):
        still = followed(still, [], [box(0.12)], now)
    assert [track.number for track in still.tracks] == [1]


def test_whoever_is_gone_is_forgotten_a_person_later_than_a_thing():
    person, thing = walked([0.1, 0.12]), walked([0.1, 0.12], people=False)
    for gone, patience in ((person, PATIENCE), (thing, MOTION_PATIENCE)):
        assert followed(gone, [], None, 0.2 + patience - 0.05).tracks
        assert not followed(gone, [], None, 0.2 + patience + 0.05).tracks


def test_of_two_who_may_be_there_it_is_who_was_there_last():
    two = followed(Followed(), [blob(0.1), blob(0.16)], [box(0.1), box(0.16)], 0.0)
    for step in range(1, 6):
        two = followed(two, [blob(0.16 - 0.01 * step)], [box(0.16 - 0.01 * step)], 0.2 * step)
    by_number = {track.number: track for track in two.tracks}
    assert by_number[2].person_at == 1.0
    assert by_number.get(1) is None or by_number[1].person_at == 0.0


def test_feet_that_the_detector_missed_are_shown_by_a_blob_of_their_own_and_by_no_crowd_s():
    cut = (0.1, 0.3, 0.2, 0.7)
    assert followed(Followed(), [blob(0.1)], [cut], 0.0).tracks[0].foot[1] == 0.8
    crowd = Blob((0.05, 0.3, 0.5, 0.8), 0.2)
    assert followed(Followed(), [crowd], [cut], 0.0).tracks[0].foot[1] == 0.7


def test_numbers_are_given_once():
    now, seen = Followed(), []
    for step in range(8):
        now = followed(now, [blob(0.1 if step % 2 else 0.7)], None, step * (MOTION_PATIENCE + 0.1))
        seen.append(now.tracks[-1].number)
    assert all(before < after for before, after in pairwise(seen))


def test_overlap_is_that_of_boxes():
    assert overlap(box(0.1), box(0.1)) == 1.0
    assert overlap(box(0.1), box(0.5)) == 0.0
    assert overlap((0, 0, 1, 1), (0.5, 0, 1.5, 1)) == 1 / 3
