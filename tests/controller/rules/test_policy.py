"""A policy comes into force while the building works: what the old one let happen ends, standing orders stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind
from controller.domain.area_orders import ArmArea
from controller.domain.decision import DenyReason
from controller.domain.doors import Loop
from controller.domain.effects import Relock, SetOutput
from controller.domain.operators import BlockDoor, Operator, Refusal, Role
from controller.domain.state import SiteState
from controller.rules.fold import apply
from tests.controller.builders import (
    ADA,
    ALICE,
    BOB,
    CELLAR,
    CHANCERY,
    FRONT,
    FRONT_IN,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    LOBBY,
    ROOM,
    SIREN,
    SUE,
    VAULT,
    opens,
    order,
    point,
    quiet_house,
    small_site,
    swipe,
    with_area,
    with_barrier,
)

OTTO = "otto"


def house_of_two():
    house = quiet_house()
    house.see(st.OperatorEnrolled("test", Operator(OTTO, Role.SECURITY_OFFICER)))
    house.events.clear()
    house.effects.clear()
    return house


def changed(site, **parts):
    return replace(site, digest="digest-new", **parts)


def without(rows, *gone):
    return {key: row for key, row in rows.items() if key not in gone}


def activate(house, site, first=SUE, second=OTTO):
    """As the runtime does it: the rules see the new site, and are refused under the old one."""
    before, house.site = house.site, site
    outcome = house.see(st.PolicyApproved(first, second, site.digest, "# new"))
    if house.state.site_digest != site.digest:
        house.site = before
    return outcome


def test_two_of_them_bring_it_into_force_and_the_log_says_who():
    house = house_of_two()
    outcome = activate(house, changed(house.site))
    assert outcome.events == (ev.SiteActivated("digest-new", "# new", SUE, OTTO),)
    assert outcome.effects == ()
    assert house.state.site_digest == "digest-new"


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (SUE, SUE, Refusal.SECOND_PERSON_NEEDED),
        (OTTO, OTTO, Refusal.SECOND_PERSON_NEEDED),
        (SUE, "nobody", Refusal.UNKNOWN_OPERATOR),
        (GIL, OTTO, Refusal.NOT_YOUR_ROLE),
        (OTTO, ADA, Refusal.NOT_YOUR_ROLE),
    ],
)
def test_otherwise_it_is_refused_and_the_old_one_stays(first, second, why):
    house = house_of_two()
    outcome = activate(house, changed(house.site), first, second)
    assert outcome.events == (ev.OrderRefused(first, "activate_policy", "digest-new", why),)
    assert house.state.site_digest == "digest-1"


def test_two_supervisors_are_not_enough():
    house = house_of_two()
    house.see(st.OperatorEnrolled("test", Operator("sam", Role.SUPERVISOR)))
    assert activate(house, changed(house.site), SUE, "sam").events[0].why is Refusal.NOT_YOUR_ROLE


def test_the_policy_in_force_is_not_brought_in_again():
    house = house_of_two()
    assert activate(house, house.site).events[0].why is Refusal.ALREADY_SO


def test_a_door_that_is_no_more_is_forgotten_and_its_grant_taken_back():
    house = house_of_two()
    house.see(swipe(FRONT_IN, ALICE))
    site = house.site
    outcome = activate(
        house, changed(site, doors=without(site.doors, FRONT), readers=without(site.readers, FRONT_IN, "front-out"))
    )
    withdrawn, activated = outcome.events
    assert (withdrawn.door, withdrawn.why) == (FRONT, ev.UnlockFailure.POLICY_CHANGED)
    assert activated.doors_gone == (FRONT,)
    assert FRONT not in house.state.doors


def test_a_grant_at_a_door_that_stays_is_used_as_it_was_given():
    house = house_of_two()
    house.see(swipe(FRONT_IN, ALICE))
    activate(house, changed(house.site))
    assert ev.EntryObserved in [type(event) for event in house.see(opens(FRONT)).events]


def test_a_door_that_leads_elsewhere_now_lets_nobody_in_on_the_old_word():
    house = house_of_two()
    house.see(swipe(FRONT_IN, ALICE))
    moved = replace(house.site.doors[FRONT], zones=("outside", VAULT))
    outcome = activate(house, changed(house.site, doors={**house.site.doors, FRONT: moved}))
    assert isinstance(outcome.events[0], ev.GrantWithdrawn)


def test_whoever_is_being_asked_for_more_begins_anew():
    house = house_of_two()
    house.see(swipe(INNER_IN, ALICE))
    denied, _ = activate(house, changed(house.site)).events
    assert denied.reasons == (DenyReason.FACTOR_NOT_PRESENTED,)
    assert not house.state.challenges


def test_a_block_stays_where_it_is():
    house = house_of_two()
    house.see(order(SUE, BlockDoor(INNER, "broken")))
    activate(house, changed(house.site))
    assert house.state.door(INNER).block is not None


def test_whoever_was_in_a_zone_that_is_no_more_may_be_anywhere():
    house = house_of_two()
    house.see(swipe(FRONT_IN, BOB))
    house.see(opens(FRONT))
    assert house.state.locations[BOB] == LOBBY
    site = house.site
    renamed = replace(site.zones[LOBBY], id="foyer")
    doors = {
        **site.doors,
        FRONT: replace(site.doors[FRONT], zones=("outside", "foyer")),
        INNER: replace(site.doors[INNER], zones=("foyer", CHANCERY)),
    }
    activate(house, changed(site, zones={**without(site.zones, LOBBY), "foyer": renamed}, doors=doors))
    assert house.state.locations[BOB] is None
    assert house.state.headcount.get(LOBBY) is None


def test_an_alarm_of_a_door_that_is_no_more_can_be_closed():
    house = house_of_two()
    house.see(opens(FRONT))
    (alarm,) = house.alarms(AlarmKind.FORCED_OPEN)
    assert alarm.persists
    site = house.site
    activate(
        house, changed(site, doors=without(site.doors, FRONT), readers=without(site.readers, FRONT_IN, "front-out"))
    )
    assert not house.alarms(AlarmKind.FORCED_OPEN)[0].persists


def test_a_new_door_is_locked_at_once():
    house = house_of_two()
    site = house.site
    house.site = replace(site, doors=without(site.doors, CELLAR))
    house.state = (
        replace(house.state, doors=house.state.doors.delete(CELLAR)) if CELLAR in house.state.doors else house.state
    )
    outcome = activate(house, changed(site))
    assert outcome.effects == (Relock(CELLAR),)


def test_the_fold_of_an_old_activation_forgets_nothing():
    house = house_of_two()
    after = apply(house.state, ev.SiteActivated("d", ""), house.now)
    assert replace(after, site_digest="digest-1", last=house.state.last) == house.state
    assert apply(SiteState(), ev.SiteActivated("d", ""), house.now).site_digest == "d"


def without_front(site):
    return changed(
        site, doors=without(site.doors, FRONT), readers=without(site.readers, FRONT_IN, "front-out"), fire_zones={}
    )


def test_one_human_being_with_two_names_brings_nothing_in():
    house = house_of_two()
    house.see(st.OperatorEnrolled("test", Operator("sue-too", Role.SECURITY_OFFICER, BOB)))
    house.see(st.OperatorEnrolled("test", Operator(SUE, Role.SUPERVISOR, BOB)))
    assert activate(house, changed(house.site), SUE, "sue-too").events[0].why is Refusal.SECOND_PERSON_NEEDED


def test_a_door_that_goes_is_told_a_last_time_to_lock_where_somebody_was_let_in():
    house = house_of_two()
    house.see(swipe(FRONT_IN, ALICE))
    assert activate(house, without_front(house.site)).effects == (Relock(FRONT),)


def test_whoever_leaves_by_a_door_that_goes_is_not_locked_in():
    house = house_of_two()
    house.see(st.RexSeen(FRONT))
    assert activate(house, without_front(house.site)).effects == ()


def test_a_barrier_that_goes_does_not_close_on_what_stands_there():
    house = quiet_house(with_barrier(small_site()))
    house.see(st.OperatorEnrolled("test", Operator(OTTO, Role.SECURITY_OFFICER)))
    house.see(swipe(FRONT_IN, ALICE))
    house.see(st.LoopSeen(FRONT, Loop.OCCUPIED))
    assert activate(house, without_front(house.site)).effects == ()


def test_a_siren_that_goes_is_silent_first():
    house = quiet_house(with_area(small_site(), exit_seconds=0.0, entry_seconds=0.0))
    house.see(st.OperatorEnrolled("test", Operator(OTTO, Role.SECURITY_OFFICER)))
    house.see(order(SUE, ArmArea(ROOM)))
    house.see(point(GLASS))
    assert house.state.output(SIREN).wanted
    bare = changed(house.site, areas={}, outputs=without(house.site.outputs, SIREN))
    assert activate(house, bare).effects == (SetOutput(SIREN, on=False),)
