"""A list that goes on: more people than one answer holds, on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from api.routes.people import MOST_FOUND
from controller.domain.events import CardholderRecorded
from controller.domain.ids import CardholderId, OperatorId
from controller.domain.operators import Role
from controller.domain.people import Cardholder, CardholderKind
from tests.browser.box import Hands, served
from tests.browser.guard import rail, sign_in

pytestmark = pytest.mark.browser

SUPERVISOR = OperatorId("una")
ONE_TIME = "once-for-una"
PEOPLE = 2 * MOST_FOUND + 1


@dataclass(frozen=True, slots=True)
class Crowded:
    """A building that many work in."""

    url: str


@pytest.fixture
def box() -> Iterator[Crowded]:
    hands = Hands({SUPERVISOR: (Role.SUPERVISOR, ONE_TIME)})
    for number in range(PEOPLE):
        person = Cardholder(CardholderId(f"p-{number:03}"), CardholderKind.STAFF, 0, frozenset())
        hands.record(CardholderRecorded(SUPERVISOR, person, ""))
    with served(hands) as (url, _):
        yield Crowded(url)


def test_a_search_goes_on_where_a_page_ends(console, box):
    page = console().page()
    sign_in(page, (SUPERVISOR, ONE_TIME))
    rail(page, "People")
    page.get_by_label("What for").select_option(value="administration")
    page.get_by_role("button", name="Search").click()
    people, more = page.locator("[data-person]"), page.get_by_role("button", name="Show more")
    expect(page.get_by_text(f"The first {MOST_FOUND}", exact=True)).to_be_visible()
    page.get_by_label("Name or id").fill("nobody")  # what the first page was asked for counts
    more.click()
    expect(people).to_have_count(2 * MOST_FOUND)
    more.click()
    expect(page.get_by_text(f"{PEOPLE} people")).to_be_visible()
    expect(people.last).to_have_attribute("data-person", f"p-{PEOPLE - 1}")
    expect(more).to_have_count(0)
