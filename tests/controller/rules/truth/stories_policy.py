"""Stories of the office: people's records, and policies that forget what an older one knew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from controller.domain import events as ev
from controller.domain import stimuli as st
from controller.domain.causes import Action, DoorAction, DoorEffect, OutputEffect, PointIs, Reset
from controller.domain.doors import LockMode, Loop
from controller.domain.ids import OperatorId
from controller.domain.operators import BlockDoor, Operator, Role, SetDoorMode, UnlockOnce
from controller.domain.people import CredentialStatus
from controller.domain.points import PointCondition
from controller.domain.record_orders import (
    AssignAccessLevel,
    DestroyBox,
    EraseCardholder,
    ExportEvidence,
    ExportPeople,
    LiftLegalHold,
    LiftVeil,
    LowerVeil,
    PlaceLegalHold,
    ReadRecords,
    SetCredentialStatus,
    WithdrawAccessLevel,
)
from controller.domain.records import Purpose, RecordScope
from controller.domain.site import Site
from tests.controller.builders import (
    ALICE,
    BOB,
    CELLAR_CAMERA,
    CHANCERY,
    EVE,
    FRONT,
    FRONT_IN,
    GIL,
    GLASS,
    INNER,
    INNER_IN,
    IO,
    LOBBY,
    LOBBY_CAMERA,
    MONDAY_TEN,
    NIGHT_CREW,
    PANEL,
    PEOPLE,
    PIR,
    ROOM,
    SIREN,
    STAFF,
    SUE,
    VAULT,
    badge_of,
    closes,
    head,
    opens,
    order,
    pin,
    point,
    strange_card,
    swipe,
    with_barrier,
    with_cause,
    with_fire,
    with_mantrap,
    with_points,
    with_zone,
    wrong_pin,
)
from tests.controller.rules.test_coverage import AREA, ARM, ARMED, BOTH_IN, BYPASS, two_in_the_lobby
from tests.controller.rules.truth.acts import Late, Script

DORA, SVEN, OTTO = OperatorId("dora"), OperatorId("sven"), OperatorId("otto")
OFFICE: Script = (
    st.OperatorEnrolled("test", Operator(DORA, Role.DATA_PROTECTION_OFFICER)),
    st.OperatorEnrolled("test", Operator(SVEN, Role.SECURITY_OFFICER)),
    st.OperatorEnrolled("test", Operator(OTTO, Role.SECURITY_OFFICER, ALICE)),
    st.OperatorEnrolled("test", Operator(SUE, Role.SUPERVISOR, BOB)),
)
APPROVED = st.PolicyApproved(SVEN, SUE, "digest-2", "# a smaller building")
IN_THE_LOBBY: Script = (swipe(FRONT_IN, ALICE), opens(FRONT), closes(FRONT), 6.0)
IN_THE_CHANCERY: Script = (*IN_THE_LOBBY, swipe(INNER_IN, ALICE), pin(INNER_IN, ALICE), opens(INNER), closes(INNER))
ERASE = EraseCardholder(ALICE, "she has left the mission")
HOLD = PlaceLegalHold("court-7", ALICE, "a letter from the court")
LIFT = LiftLegalHold("court-7", "the court is done")
EXPORT = ExportPeople(Purpose.LEGAL_REQUEST, "AZ-7")
VEIL = LiftVeil(LOBBY_CAMERA, 60.0, "a theft")
EVIDENCE = ExportEvidence(Purpose.INVESTIGATION, "AZ-8", ("c-1",), (7,), (LOBBY_CAMERA,), pixelated=True)
FILM = ReadRecords(RecordScope.RECORDING, Purpose.INVESTIGATION, "AZ-8", camera=LOBBY_CAMERA, recording="c-1")
DESTROY = DestroyBox("the mission closes")
WEEKEND = 72 * 3600.0


def without(site: Site, *, door: str | None = None) -> Site:
    """The same building, in whose site file a door is no more, nor what belongs to it."""
    readers = {key: reader for key, reader in site.readers.items() if reader.door != door}
    heads = {head(reader) for reader in site.readers.keys() - readers.keys()}
    return replace(
        site,
        doors={key: built for key, built in site.doors.items() if key != door},
        readers=readers,
        devices={key: device for key, device in site.devices.items() if key not in heads and key != f"lock-{door}"},
        digest="digest-2",
    )


def no_front(site: Site) -> Site:
    return without(site, door=FRONT)


def no_inner(site: Site) -> Site:
    return without(site, door=INNER)


def no_chancery(site: Site) -> Site:
    """A building that ends behind the lobby."""
    small = without(without(site, door=INNER), door="cellar")
    zones = {key: zone for key, zone in small.zones.items() if key not in (CHANCERY, VAULT)}
    cameras = {key: camera for key, camera in small.cameras.items() if key != CELLAR_CAMERA}
    return replace(small, zones=zones, cameras=cameras)


def nothing_guarded(site: Site) -> Site:
    """No I/O module, and so neither points nor sirens, areas or causes."""
    devices = {key: device for key, device in site.devices.items() if key != IO}
    rest = {"points": {}, "outputs": {}, "areas": {}, "causes": {}, "fire_zones": {}}
    return replace(site, devices=devices, digest="digest-2", **rest)  # type: ignore[arg-type]


def no_pir(site: Site) -> Site:
    """The area stays, and watches one point less."""
    area = replace(site.areas[ROOM], points=frozenset({GLASS}), entry_points=frozenset())
    points = {key: each for key, each in site.points.items() if key != PIR}
    return replace(site, points=points, areas={ROOM: area}, digest="digest-2")


def no_rules(site: Site) -> Site:
    """Neither areas, causes, interlocks nor rules about two people or escorts; the points stay."""
    lobby = with_zone(site, LOBBY, two_person=False, escort=None)
    return replace(lobby, areas={}, causes={}, interlocks={}, digest="digest-2")


def as_it_was(site: Site) -> Site:
    return replace(site, digest="digest-2")


def leads_elsewhere(site: Site) -> Site:
    """The front door leads into the chancery."""
    front = replace(site.doors[FRONT], zones=("outside", CHANCERY))
    inwards = replace(site.readers[FRONT_IN], enters=CHANCERY)
    return replace(
        site, doors={**site.doors, FRONT: front}, readers={**site.readers, FRONT_IN: inwards}, digest="digest-2"
    )


def sounds_and_blocks(site: Site) -> Site:
    """The PIR switches the siren on and blocks the front door, until somebody resets it."""
    moved = PointIs(PIR, PointCondition.ACTIVE)
    sounding = with_cause(with_points(site), moved, OutputEffect(SIREN, Action.ON), reset=Reset.MANUAL)
    return with_cause(sounding, moved, DoorEffect(FRONT, DoorAction.BLOCKED), reset=Reset.MANUAL)


def _orders(*orders: tuple[OperatorId, object]) -> Script:
    return (*OFFICE, *(order(who, what) for who, what in orders))  # type: ignore[arg-type]


def _policy(after: Callable[[Site], Site], *before: object) -> Script:
    return (*before, *OFFICE, after, APPROVED)  # type: ignore[return-value]


POLICY: Mapping[str, Script] = {
    "two people erase somebody who has left": [
        *OFFICE,
        st.FaceEnrolled("test", ALICE, "dlib", "mean", "sealed"),
        *IN_THE_CHANCERY,
        order(DORA, ERASE),
        opens(INNER),
        wrong_pin(INNER_IN),
        swipe(INNER_IN, ALICE),
        wrong_pin(INNER_IN),
        order(DORA, ERASE),
        order(DORA, ERASE),
        order(SVEN, ERASE),
        swipe(FRONT_IN, ALICE),
        order(SVEN, ERASE),
    ],
    "somebody who may be anywhere is erased": [
        *OFFICE,
        *IN_THE_LOBBY,
        swipe(FRONT_IN, BOB),
        opens(FRONT),
        closes(FRONT),
        6.0,
        opens(FRONT),
        closes(FRONT),
        order(DORA, ERASE),
        order(SVEN, ERASE),
    ],
    "a badge is lost, and found": _orders(
        (GIL, SetCredentialStatus(badge_of(ALICE), CredentialStatus.LOST, "left in a taxi")),
        (GIL, SetCredentialStatus(badge_of(ALICE), CredentialStatus.LOST, "again")),
        (GIL, SetCredentialStatus(badge_of(ALICE), CredentialStatus.ACTIVE, "found again")),
        (SUE, SetCredentialStatus(badge_of(ALICE), CredentialStatus.ACTIVE, "found again")),
    ),
    "a right is given and taken": _orders(
        (SUE, AssignAccessLevel(ALICE, NIGHT_CREW, "night watch")),
        (SUE, AssignAccessLevel(ALICE, NIGHT_CREW, "night watch")),
        (SVEN, WithdrawAccessLevel(ALICE, STAFF, "moved on")),
        (SVEN, WithdrawAccessLevel(ALICE, STAFF, "moved on")),
    ),
    "a hold is placed and lifted": _orders(
        (SUE, HOLD),
        (SUE, HOLD),
        (DORA, ERASE),
        (OTTO, LIFT),
        (DORA, LIFT),
        (DORA, LIFT),
        (SVEN, LIFT),
        (SVEN, LIFT),
        (SUE, PlaceLegalHold("court-8", None, "everything")),
        (DORA, ERASE),
    ),
    "records are read for a purpose": _orders(
        (GIL, ReadRecords(RecordScope.DOOR, Purpose.INVESTIGATION, "AZ-1", None, FRONT)),
        (DORA, ReadRecords(RecordScope.PERSON, Purpose.SUBJECT_REQUEST, "AZ-2", ALICE)),
        (GIL, ReadRecords(RecordScope.DOOR, Purpose.EMERGENCY, "", None, INNER)),
        (GIL, ReadRecords(RecordScope.DOOR, Purpose.INVESTIGATION, "", None, FRONT)),
    ),
    "an export and an end take two": _orders(
        (DORA, EXPORT),
        (SVEN, EXPORT),
        (SVEN, EXPORT),
        (SUE, DESTROY),
        (SUE, DESTROY),
        (SVEN, DESTROY),
    ),
    "a veil is lifted by two, and lowered by one": [
        *OFFICE,
        order(SUE, VEIL),
        order(SUE, VEIL),
        order(SVEN, VEIL),
        order(SUE, LowerVeil(LOBBY_CAMERA)),
        order(SUE, LowerVeil(LOBBY_CAMERA)),
        order(SUE, VEIL),
        order(SVEN, VEIL),
        60.0,
        order(SVEN, LowerVeil(LOBBY_CAMERA)),
        order(GIL, LowerVeil(LOBBY_CAMERA)),
    ],
    "evidence is handed out by two": _orders(
        (SUE, EVIDENCE), (SVEN, EVIDENCE), (DORA, EVIDENCE), (GIL, EVIDENCE), (SVEN, FILM), (GIL, FILM)
    ),
    "the second comes as the first one's asking ends": [
        *OFFICE,
        order(DORA, ERASE),
        WEEKEND,
        order(SVEN, ERASE),
        st.PersonEnrolled("test", PEOPLE[ALICE], "sealed"),
        order(DORA, EraseCardholder(BOB, "he has left")),
        WEEKEND + 1.0,
        order(SVEN, EraseCardholder(BOB, "he has left")),
    ],
    "a backup brings an erased person back, and the log takes her out": [
        *OFFICE,
        swipe(INNER_IN, ALICE),
        wrong_pin(INNER_IN),
        *IN_THE_LOBBY,
        st.KeepingDone(ev.BackupRestored("cli", MONDAY_TEN, 90, (ALICE, EVE), "", ())),
        swipe(FRONT_IN, ALICE),
    ],
    "a policy without the front door": _policy(
        no_front,
        st.TamperSeen(head(FRONT_IN), active=True),
        strange_card(FRONT_IN),
        *IN_THE_LOBBY,
        opens(FRONT),
        closes(FRONT),
        swipe(FRONT_IN, BOB),
    ),
    "a policy without a door that is held unlocked": _policy(
        no_front, order(SUE, SetDoorMode(FRONT, LockMode.UNLOCKED, MONDAY_TEN + timedelta(hours=1), "a delivery"))
    ),
    "a policy without a door by which somebody leaves": _policy(no_front, st.RexSeen(FRONT)),
    "a policy without a door by which somebody left": (
        *OFFICE,
        st.RexSeen(FRONT),
        no_front,
        Late(APPROVED, 6.0),
    ),
    "a policy without a barrier above a car": _policy(
        no_front, with_barrier, swipe(FRONT_IN, ALICE), st.LoopSeen(FRONT, Loop.OCCUPIED)
    ),
    "a policy without a barrier whose loop is broken": _policy(
        no_front, with_barrier, swipe(FRONT_IN, ALICE), st.LoopSeen(FRONT, Loop.FAULT)
    ),
    "a policy without a barrier that waits to come down": _policy(
        no_front,
        with_barrier,
        swipe(FRONT_IN, ALICE),
        st.LoopSeen(FRONT, Loop.UNKNOWN),
        order(GIL, BlockDoor(FRONT, "x")),
    ),
    "a policy while somebody is asked for a PIN": _policy(as_it_was, swipe(INNER_IN, ALICE)),
    "a policy without the reader at which somebody is asked": _policy(no_inner, swipe(INNER_IN, ALICE)),
    "a policy by which a granted door leads elsewhere": _policy(
        leads_elsewhere, swipe(FRONT_IN, ALICE), order(GIL, UnlockOnce(FRONT, "the plumber")), st.RexSeen(FRONT)
    ),
    "a policy without the rooms behind": _policy(
        no_chancery, *IN_THE_CHANCERY, st.CameraSeen(CELLAR_CAMERA, online=False, detail="no frames")
    ),
    "a policy without any guard while an area is in alarm": _policy(nothing_guarded, *ARMED, point(GLASS)),
    "a policy without any guard while a point is bypassed": _policy(nothing_guarded, *AREA, BYPASS),
    "a policy without any area while one waits to be armed": _policy(no_rules, *AREA, ARM),
    "a policy without any area while one is in alarm": _policy(no_rules, *ARMED, point(GLASS)),
    "a policy without the causes that sounded and blocked": _policy(no_rules, sounds_and_blocks, point(PIR)),
    "a policy without two-person rules": _policy(
        no_rules,
        two_in_the_lobby,
        *BOTH_IN,
        swipe("front-out", BOB),
        opens(FRONT),
        closes(FRONT),  # type: ignore[arg-type]
    ),
    "a policy without an interlock that was breached": _policy(no_rules, with_mantrap, opens(FRONT), opens(INNER)),
    "no policy while it burns": _policy(as_it_was, with_fire, point(PANEL)),
    "a policy after a fire line was cut": _policy(
        nothing_guarded, with_fire, point(PANEL, PointCondition.OPEN_LOOP), point(PANEL, PointCondition.NORMAL)
    ),
    "a policy with a fire line that is cut": _policy(nothing_guarded, with_fire, point(PANEL, PointCondition.SHORTED)),
    "a policy that one person wants": (
        *OFFICE,
        as_it_was,
        replace(APPROVED, second=SVEN),
        replace(APPROVED, second=DORA),
        replace(APPROVED, operator=GIL),
        replace(APPROVED, operator=OperatorId("nobody")),
        replace(APPROVED, site_digest="digest-1"),
    ),
    "a box that starts with another policy": [
        *IN_THE_CHANCERY,
        swipe(INNER_IN, BOB),
        strange_card(FRONT_IN),
        no_front,
        st.BoxStartedUp("1.1", "digest-2", "# a smaller building"),
    ],
    "a policy without the point by which somebody enters": _policy(no_pir, *ARMED, point(PIR)),
    "an end without a reason": _orders((SUE, DestroyBox(" "))),
}
