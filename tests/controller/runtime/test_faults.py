"""What is broken is an alarm: a wire until it is whole, our own code each time it fails."""

from __future__ import annotations

import pytest

from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Source
from tests.controller.builders import FRONT, lock_of, quiet_house

LOCK = lock_of(FRONT)


@pytest.fixture
def house():
    return quiet_house()


def test_a_cut_wire_is_a_fault_as_long_as_it_is_cut(house):
    house.see(st.FaultSeen(LOCK, active=True, detail="contact of front is cut or shorted"))
    house.see(st.FaultSeen(LOCK, active=True, detail="bolt of front is cut or shorted"))
    [alarm] = house.alarms(AlarmKind.FAULT)
    assert (alarm.source, alarm.persists) == (Source(device=LOCK), True)
    assert alarm.detail == "contact of front is cut or shorted"
    house.see(st.FaultSeen(LOCK, active=False, detail=""))
    assert not house.alarms(AlarmKind.FAULT)[0].persists


def test_a_fault_of_our_own_is_told_and_has_no_end_to_wait_for(house):
    house.see(st.FaultSeen(None, active=True, detail="KeyError in CardPresented"))
    [alarm] = house.alarms(AlarmKind.FAULT)
    assert (alarm.source, alarm.persists) == (Source(), False)


@pytest.mark.parametrize("active", [True, False])
def test_a_device_nobody_knows_has_no_faults(house, active):
    house.see(st.FaultSeen("of-a-stranger", active=active, detail="cut"))
    assert house.events == []
