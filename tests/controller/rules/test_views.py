"""What becomes of a camera that sees nothing, or something else."""

import pytest

from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.filming import ViewTrouble
from controller.domain.ids import CameraId
from controller.rules.views import ALARMS
from tests.controller.builders import CELLAR_CAMERA, LOBBY_CAMERA, House


def seen(trouble: ViewTrouble | None, camera: CameraId = CELLAR_CAMERA) -> st.CameraViewSeen:
    return st.CameraViewSeen(camera, trouble)


def test_every_trouble_has_its_alarm_and_its_own_words():
    assert set(ALARMS) == set(ViewTrouble)
    assert len({words for _, words in ALARMS.values()}) == len(ViewTrouble)


@pytest.mark.parametrize("trouble", ViewTrouble)
def test_a_trouble_is_an_alarm_of_that_camera_until_it_is_over(trouble: ViewTrouble):
    house = House()
    house.see(seen(trouble))
    kind, words = ALARMS[trouble]
    (alarm,) = house.alarms(kind)
    assert (alarm.source.camera, alarm.detail, alarm.persists) == (CELLAR_CAMERA, words, True)
    assert house.see(seen(trouble)).events == ()
    house.see(seen(None, LOBBY_CAMERA))
    assert house.alarms(kind)[0].persists
    house.see(seen(None))
    assert not house.alarms(kind)[0].persists
    assert house.see(seen(None)).events == ()


def test_one_trouble_after_another_ends_the_first_alarm_and_raises_the_second():
    house = House()
    house.see(seen(ViewTrouble.COVERED))
    house.see(seen(ViewTrouble.TURNED))
    assert [alarm.persists for alarm in house.alarms(AlarmKind.CAMERA_COVERED)] == [False]
    assert [alarm.persists for alarm in house.alarms(AlarmKind.CAMERA_MOVED)] == [True]
    house.see(seen(ViewTrouble.BLACK))
    assert [alarm.detail for alarm in house.alarms(AlarmKind.CAMERA_COVERED) if alarm.persists] == [
        ALARMS[ViewTrouble.BLACK][1]
    ]


def test_after_a_start_a_camera_that_sees_well_again_ends_the_alarm():
    house = House()
    house.see(seen(ViewTrouble.COVERED))
    house.see(st.BoxStartedUp("1.0", "digest-1", ""))
    assert house.alarms(AlarmKind.CAMERA_COVERED)[0].persists
    house.see(seen(None))
    assert not house.alarms(AlarmKind.CAMERA_COVERED)[0].persists


def test_a_camera_that_the_site_does_not_know_is_nobodys():
    assert House().see(seen(ViewTrouble.BLACK, CameraId("nothing"))).events == ()
