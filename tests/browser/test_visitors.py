"""A visit's whole life at the desk, over the real rules: announced, approved, here with a badge and an escort, gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from controller.domain import stimuli as st
from controller.domain.ids import CardholderId, CredentialId
from controller.domain.instant import Instant
from controller.domain.people import Cardholder, CardholderKind, Credential, CredentialStatus
from controller.domain.site import Assurance
from controller.domain.visit_orders import ApproveVisit, RegisterVisitor, SignInVisitor
from controller.runtime.ports import Identity
from tests.browser.box import served
from tests.browser.guard import rail, register_visitor, sign_in
from tests.browser.panels import ADA, GUARD, ONE_TIME, POOL, SUPERVISOR, Panels

pytestmark = pytest.mark.browser

GRACE, OTTO = CardholderId("p-grace"), "Otto Overdue"
THEIR_BADGE = CredentialId("visitor-8")


class Desk(Panels):
    """A house in which somebody came three hours ago, for an hour, and is still there."""

    def __init__(self) -> None:
        self.ago = timedelta(hours=3)
        super().__init__()
        self.names[GRACE] = Identity("Grace Hopper")
        grace = Cardholder(GRACE, CardholderKind.STAFF, 9, frozenset(self.site.access_levels), may_escort=True)
        badge = Credential(THEIR_BADGE, POOL, "v8", None, Assurance.PKI, CredentialStatus.RETURNED, None, None)
        self.claim(st.PersonEnrolled("setup", grace, "sealed"), st.BadgeEnrolled("setup", badge))
        self.comes_for_an_hour()
        self.ago = timedelta(0)

    def instant(self) -> Instant:
        now = super().instant()
        return Instant(now.wall - self.ago, now.mono - self.ago.total_seconds())

    def comes_for_an_hour(self) -> None:
        otto, now = CardholderId("g-otto"), self.instant().wall
        self.names[otto] = Identity(OTTO)
        asked = RegisterVisitor(otto, ADA, None, now, now + timedelta(hours=1), frozenset())
        self.claim(st.Ordered(GUARD, asked), st.Ordered(SUPERVISOR, ApproveVisit(otto)))
        self.claim(st.Ordered(GUARD, SignInVisitor(otto, THEIR_BADGE)))


@dataclass(frozen=True, slots=True)
class House:
    """A running box."""

    url: str


@pytest.fixture
def box() -> Iterator[House]:
    with served(Desk()) as (url, _):
        yield House(url)


def signed_in(console, who: str) -> Page:
    page = console().page()
    sign_in(page, (who, ONE_TIME[who][1]))
    rail(page, "Visitors")
    return page


def visit(page: Page, name: str) -> Locator:
    return page.locator("[data-visit]").filter(has_text=name)


def registers(page: Page, name: str) -> None:
    register_visitor(page, name, host="lovel")
    expect(visit(page, name)).to_have_attribute("data-state", "unapproved")


def test_a_visit_from_its_announcement_to_a_badge_that_comes_back(console, box, picture):
    guard, supervisor = signed_in(console, GUARD), signed_in(console, SUPERVISOR)
    expect(visit(guard, OTTO)).to_have_attribute("data-state", "overdue")
    overdue = guard.locator("[data-alarm]").filter(has_text="Visitor stays past their time")
    expect(overdue).to_contain_text(OTTO)

    registers(guard, "Vera Visiting")
    expect(guard.get_by_role("button", name="Host approves")).to_have_count(0)  # who registers is not the host's voice
    supervisor.get_by_role("button", name="Host approves the visit of Vera Visiting").click()
    expect(visit(guard, "Vera")).to_have_attribute("data-state", "expected")
    registers(guard, "Nelly Next")
    expect(guard.get_by_role("button", name="Sign Nelly Next in")).to_have_count(0)  # nor before the host has spoken
    picture(guard, "visitors-expected")

    guard.get_by_label("Escort of Vera Visiting").fill("hopper")
    guard.get_by_label("Badge for Vera Visiting").select_option("visitor-7")
    expect(guard.locator("datalist option[value='Grace Hopper']")).to_have_count(1)
    guard.get_by_role("button", name="Sign Vera Visiting in").click()
    expect(visit(guard, "Vera")).to_have_attribute("data-state", "here")
    expect(visit(guard, "Vera")).to_contain_text("badge visitor-7")
    expect(visit(guard, "Vera")).to_contain_text("escort: Grace Hopper")

    guard.get_by_role("button", name="Sign Vera Visiting out without the badge").click()
    expect(visit(guard, "Vera")).to_have_attribute("data-state", "left")
    kept = guard.locator("[data-alarm]").filter(has_text="Visitor left with the badge")
    expect(kept).to_be_visible()
    picture(guard, "visitors")
    guard.get_by_role("button", name="Badge of Vera Visiting is back").click()
    expect(visit(guard, "Vera")).to_have_count(0)
    guard.get_by_role("button", name=f"Sign {OTTO} out, badge back").click()
    expect(visit(guard, OTTO)).to_have_count(0)
    guard.get_by_role("button", name="Strike Nelly Next off the list").click()
    expect(guard.get_by_text("Nobody is expected")).to_be_visible()
