"""The desk where faces are enrolled: what the eyes made is sealed, a look-alike is decided by a human, not by us."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from controller.domain.events import PortraitKept, Recorded
from controller.domain.face_orders import EnrolFace, KeepPortrait
from controller.domain.faces import FaceBasis
from controller.domain.instant import Instant
from controller.domain.operators import Refusal
from controller.runtime.face_desk import FaceDesk
from controller.runtime.ports import FaceMade, FaceTemplate, NoFace

pytestmark = pytest.mark.anyio

ORDER = EnrolFace("p-1", FaceBasis.CONSENT, "form 12")
MADE = FaceMade(FaceTemplate("engine-1", "mean", b"vector"), ("", "blurred"), 5, ("p-7", "p-8"), 20, 1)


class Eyes:
    def __init__(self, made=MADE):
        self.made = made

    def reads(self, engine):
        return engine == "engine-1"

    async def judge(self, photos):
        return ("",) * len(photos)

    async def make(self, cardholder, photos):
        if isinstance(self.made, NoFace):
            raise self.made
        return self.made

    async def portrait(self, photo):
        return b"head of " + photo


class Office:
    def __init__(self):
        self.sealed = []

    def seal_template(self, cardholder, engine, vector):
        self.sealed.append((cardholder, engine, vector))
        return "sealed template"

    def seal_portrait(self, cardholder, jpeg):
        self.sealed.append((cardholder, jpeg))
        return "sealed portrait"

    def portrait_at(self, cardholder):
        return 7 if cardholder == "p-1" else None

    def portrait(self, cardholder, sealed):
        return f"{cardholder}: {sealed}".encode()


class Desk:
    def __init__(self, made=MADE, refusal=None, records=()):
        self.given, self.office = [], Office()
        self.refusal = refusal

        async def give(operator, order):
            self.given.append((operator, order))
            return self.refusal

        self.desk = FaceDesk(Eyes(made), self.office, give, lambda before: [r for r in records if r.seq < before])


async def test_who_looks_alike_and_was_not_decided_on_is_left_to_the_rules_and_nothing_is_sealed():
    here = Desk(refusal=Refusal.FACE_ALIKE)
    answer = await here.desk.enrol("sue", ORDER, [b"a"])
    ((_, order),) = here.given
    assert (answer.refusal, answer.made.alike) == (Refusal.FACE_ALIKE, ("p-7", "p-8"))
    assert (order.alike, order.others) == (("p-7", "p-8"), ())
    assert here.office.sealed == []


async def test_what_was_decided_is_sealed_and_only_of_those_who_do_look_alike():
    here = Desk()
    order = EnrolFace("p-1", FaceBasis.CONSENT, "form 12", others=("p-8", "p-7", "p-99"))
    answer = await here.desk.enrol("sue", order, [b"a"])
    ((operator, given),) = here.given
    assert (answer.refusal, operator, given.others) == (None, "sue", ("p-7", "p-8"))
    assert (given.template, given.engine, given.mode, given.used) == ("sealed template", "engine-1", "mean", 5)
    assert here.office.sealed == [("p-1", "engine-1", b"vector")]


async def test_photos_that_will_not_do_are_no_order():
    here = Desk(NoFace(("blurred", ""), ("too_few_photos",)))
    answer = await here.desk.enrol("sue", ORDER, [b"a", b"b"])
    assert (answer.refusal, answer.photos, answer.why) == (Refusal.NO_FACE, ("blurred", ""), ("too_few_photos",))
    assert here.given == []


async def test_of_a_portrait_the_head_alone_is_kept():
    here = Desk()
    assert await here.desk.keep_portrait("sue", KeepPortrait("p-1", "for the guard"), b"photo") is None
    assert here.office.sealed == [("p-1", b"head of photo")]
    assert here.given[0][1].portrait == "sealed portrait"


async def test_a_portrait_is_read_from_the_record_that_holds_it_and_from_no_other():
    at = Instant(datetime(2026, 11, 22, tzinfo=UTC), 0.0)
    record = Recorded(7, at, "b", "s", PortraitKept("t", "p-1", "sealed", "because"))
    assert await Desk(records=[record]).desk.portrait("p-1") == b"p-1: sealed"
    assert await Desk().desk.portrait("p-1") is None
    assert await Desk(records=[record]).desk.portrait("p-2") is None
