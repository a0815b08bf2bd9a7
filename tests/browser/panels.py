"""The demo's building with what the newer panels need: a guard's look at a door, a watched window, a silent button."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from controller.domain import stimuli as st
from controller.domain.doors import LockStatus, Position
from controller.domain.face_orders import KeepPortrait
from controller.domain.ids import (
    AreaId,
    CameraId,
    CardholderId,
    CredentialId,
    DoorId,
    OperatorId,
    PointId,
    ReaderId,
    ZoneId,
)
from controller.domain.operators import Order, Refusal, Role
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialStatus
from controller.domain.points import IntrusionArea, Point, PointCondition, PointKind
from controller.domain.site import Assurance, Factor, Input, Site
from controller.domain.visit_orders import RegisterVisitor
from controller.rules.mode import mode_requests
from controller.runtime.facade import Moment
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import Identity
from controller.site.loader import load_site
from simulators.faces import ENROLMENT, photo
from tests.browser.box import SITE, Hands

ADA, POOL = CardholderId("p-ada"), CardholderId("pool-1")
DOOR, READER, REGISTRY = DoorId("chancery-door"), ReaderId("chancery-in"), ZoneId("registry")
VAULT, GLASS, BUTTON = AreaId("test-vault"), PointId("test-glass"), PointId("test-button")
PANEL = PointId("fire-panel")
GUARD, SUPERVISOR = OperatorId("guard"), OperatorId("supervisor")
ONE_TIME = {GUARD: (Role.GUARD, "once-for-guard"), SUPERVISOR: (Role.SUPERVISOR, "once-for-supervisor")}


def site_with_panels() -> Site:
    """The demo's site. Whoever enters the chancery is looked at; the registry's window is watched once it is armed."""
    site = load_site(SITE)
    wire = Input(site.doors[DOOR].lock.device, 60)
    points = {
        GLASS: Point(GLASS, "Registry window", REGISTRY, PointKind.GLASS_BREAK, wire),
        BUTTON: Point(BUTTON, "Counter button", ZoneId("consular_hall"), PointKind.PANIC, wire, silent=True),
    }
    area = IntrusionArea(
        VAULT, "Registry window", frozenset({REGISTRY}), frozenset({GLASS}), frozenset(), exit_seconds=0
    )
    looked_at = replace(site.readers[READER], factors=frozenset({Factor.CARD, Factor.GUARD}))
    visitors = {key: replace(level, for_visitors=key == "visitors") for key, level in site.access_levels.items()}
    return replace(
        site,
        points={**site.points, **points},
        areas={**site.areas, VAULT: area},
        readers={**site.readers, READER: looked_at},
        access_levels=visitors,
        faces=replace(site.faces, portraits=True),
    )


class Portraits:
    """One picture, of whomever."""

    async def portrait(self, cardholder: CardholderId) -> bytes:
        return photo("hopper", ENROLMENT[0])


class Panels(Hands):
    """Hands that also show badges, and move points. Names are kept as the real box's vault keeps them."""

    def __init__(self) -> None:
        super().__init__(dict(ONE_TIME), site_with_panels())
        self.names = {ADA: Identity("Ada Lovelace"), POOL: Identity("Visitors' pool")}
        levels = frozenset(self.site.access_levels)
        badge = Credential(CredentialId("b-ada"), ADA, "ada", None, Assurance.PKI, CredentialStatus.ACTIVE, None, None)
        pool = replace(
            badge, id=CredentialId("visitor-7"), cardholder=POOL, token="v7", status=CredentialStatus.RETURNED
        )
        for person in (
            Cardholder(ADA, CardholderKind.STAFF, 9, levels),
            Cardholder(POOL, CardholderKind.VISITOR, 0, frozenset()),
        ):
            self.claim(st.PersonEnrolled("setup", person, "sealed"))
        self.claim(st.BadgeEnrolled("setup", badge), st.BadgeEnrolled("setup", pool))
        self.claim(*(st.PointSeen(point, PointCondition.NORMAL) for point in self.site.points))

    def moment(self) -> Moment:
        now = self.instant()
        modes = {door: mode_requests(self.site, self.state, door, now) for door in self.site.doors}
        return Moment(self.boot, len(self.records), self.site, self.state, modes)

    async def order(self, operator: OperatorId, order: Order) -> Refusal | None:
        if isinstance(order, RegisterVisitor):
            pseudonym = CardholderId(f"g-{len(self.names)}")
            self.names[pseudonym] = Identity(order.visitor)
            order = replace(order, visitor=pseudonym)
        return await super().order(operator, order)

    def badge(self) -> None:
        """Ada shows her badge at the chancery."""
        self.claim(st.CardPresented(READER, "ada", "test", 64, "ada"))

    async def picture(self, camera: CameraId, *, rests: bool = False) -> bytes | None:
        return photo("astronaut", ENROLMENT[0])

    def keep_portrait(self) -> None:
        """Somebody keeps a picture of Ada, for a guard to compare."""
        self.faces = cast(FaceDesk, Portraits())
        self.claim(st.Ordered(SUPERVISOR, KeepPortrait(ADA, "Form 7", "sealed")))

    def goes_in(self) -> None:
        """Ada opens that door and shuts it behind her."""
        self.claim(st.PositionSeen(DOOR, Position.OPEN), st.PositionSeen(DOOR, Position.CLOSED))
        self.claim(st.LockSeen(DOOR, LockStatus.LOCKED))

    def point(self, point: PointId, condition: PointCondition) -> None:
        self.claim(st.PointSeen(point, condition))
