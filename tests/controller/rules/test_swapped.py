"""A device is known by its nameplate: another one in its place is an alarm until a technician takes it over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import PRIORITY, AlarmKind, Priority, Source
from controller.domain.maintenance_orders import ReplaceReader, StartMaintenance
from controller.domain.operators import Operator, Role
from controller.rules.alarm import LASTING
from tests.controller.builders import (
    ALICE,
    CELLAR_IN,
    FRONT_IN,
    SUE,
    House,
    head,
    of_kind,
    order,
    quiet_house,
    swipe,
)

HEAD, OTHER = head(FRONT_IN), head(CELLAR_IN)
TRUE, STRANGE = "vendor 0a0017 model 1 serial 00000001", "vendor 0a0017 model 1 serial 00000002"
SWAPPED = AlarmKind.DEVICE_SWAPPED


def answers(house: House, nameplate: str, device=HEAD, *, secure: bool = True, commissioned: bool = False):
    """It goes, and whoever says so comes; return what came of the coming."""
    house.see(st.DeviceSeen(device, online=False, secure=False, detail="pulled off"))
    return house.see(st.DeviceSeen(device, True, secure, "", nameplate, commissioned=commissioned)).events


def identified(house: House):
    return [(event.device, event.nameplate) for event in of_kind(ev.DeviceIdentified, house.events)]


@pytest.fixture
def house() -> House:
    """The reader at the front is known."""
    house = quiet_house()
    answers(house, TRUE)
    return house


def test_the_first_one_seen_is_written_down_once(house: House) -> None:
    answers(house, TRUE)
    assert identified(house) == [(HEAD, TRUE)]
    assert house.alarms(SWAPPED) == []


@pytest.mark.parametrize("secure", [True, False])
def test_another_one_in_its_place_is_an_alarm_that_lasts(house: House, *, secure: bool) -> None:
    answers(house, STRANGE, secure=secure)
    (alarm,) = house.alarms(SWAPPED)
    assert (alarm.source, alarm.detail) == (Source(device=HEAD), f"{STRANGE} in place of {TRUE}")
    assert alarm.persists
    assert SWAPPED in LASTING
    assert PRIORITY[SWAPPED] is Priority.HIGH
    answers(house, STRANGE, secure=secure)
    assert len(house.alarms(SWAPPED)) == 1
    assert identified(house) == [(HEAD, TRUE)]


def test_the_true_one_back_in_its_place_ends_it(house: House) -> None:
    answers(house, STRANGE)
    answers(house, TRUE)
    assert [alarm.persists for alarm in house.alarms(SWAPPED)] == [False]
    answers(house, STRANGE)
    assert [alarm.persists for alarm in house.alarms(SWAPPED)] == [False, True]


def test_the_one_that_a_wizard_keyed_is_it_from_then_on(house: House) -> None:
    answers(house, STRANGE)
    assert ev.DeviceIdentified(HEAD, STRANGE) in answers(house, STRANGE, commissioned=True)
    assert not house.alarms(SWAPPED)[0].persists
    answers(house, STRANGE, commissioned=True)
    assert identified(house) == [(HEAD, TRUE), (HEAD, STRANGE)]
    answers(house, TRUE)
    assert house.alarms(SWAPPED)[1].detail == f"{TRUE} in place of {STRANGE}"


def test_one_that_is_replaced_by_order_is_told_by_whoever_answers_next(house: House) -> None:
    answers(house, STRANGE)
    house.see(order(SUE, ReplaceReader(HEAD, "broken open")))
    assert house.alarms(SWAPPED)[0].persists  # nobody has answered yet
    answers(house, STRANGE)
    assert not house.alarms(SWAPPED)[0].persists
    assert identified(house)[-1] == (HEAD, STRANGE)


def test_an_order_to_replace_one_that_never_said_who_it_is() -> None:
    house = quiet_house()
    house.see(order(SUE, ReplaceReader(HEAD, "broken open")))
    assert len(of_kind(ev.ReaderReplacementOrdered, house.events)) == 1


def test_each_is_known_by_itself(house: House) -> None:
    answers(house, STRANGE, OTHER)
    assert house.alarms(SWAPPED) == []
    house.see(order(SUE, ReplaceReader(OTHER, "broken open")))
    answers(house, STRANGE)
    assert [alarm.source.device for alarm in house.alarms(SWAPPED)] == [HEAD]


def test_one_without_a_nameplate_is_neither_known_nor_strange(house: House) -> None:
    answers(house, "")
    assert house.alarms(SWAPPED) == []
    assert identified(house) == [(HEAD, TRUE)]
    answers(house, "", OTHER)
    assert house.state.nameplates.get(OTHER) is None


def test_a_restart_forgets_neither_who_it_is_nor_that_another_hangs_there(house: House) -> None:
    answers(house, STRANGE)
    house.restart()
    answers(house, STRANGE)
    assert [alarm.persists for alarm in house.alarms(SWAPPED)] == [True]
    answers(house, TRUE)
    assert [alarm.persists for alarm in house.alarms(SWAPPED)] == [False]


def test_one_that_a_policy_no_longer_has_is_forgotten(house: House) -> None:
    house.see(st.OperatorEnrolled("test", Operator("otto", Role.SECURITY_OFFICER)))
    house.restart()  # nothing is heard of it in this boot: it is known from before
    known = house.site
    house.site = replace(known, digest="new", devices={k: d for k, d in known.devices.items() if k != HEAD})
    house.see(st.PolicyApproved(SUE, "otto", "new", "# new"))
    assert house.state.nameplates.get(HEAD) is None
    house.site = known
    answers(house, STRANGE)
    assert house.alarms(SWAPPED) == []


def test_what_a_technician_does_there_is_marked(house: House) -> None:
    house.see(order(SUE, StartMaintenance(Source(device=HEAD), house.now.wall.replace(hour=12), "a new reader")))
    answers(house, STRANGE)
    assert [alarm.maintenance for alarm in house.alarms(SWAPPED)] == [True]


def test_it_decides_nothing_by_itself(house: House) -> None:
    """A swapped reader is somebody's to look at; who may pass is decided as ever."""
    answers(house, STRANGE)
    house.see(swipe(FRONT_IN, ALICE))
    assert len(of_kind(ev.AccessGranted, house.events)) == 1
