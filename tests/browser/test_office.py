"""The office's screens over a whole box: reports, proofs in the browser itself, devices, another policy by two."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.guard import OWN, sign_in
from tests.browser.stage import staged

pytestmark = [pytest.mark.browser]

STUDY_MILLISECONDS = 60_000
"""How long a study may take on a busy machine: each is a process of its own."""
PROOF_MILLISECONDS = 240_000
"""How long it may take until a policy is proven once more and in force."""


@pytest.fixture
def box(tmp_path):
    with staged(tmp_path) as running:
        yield running


def screen(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_the_offices_screens_from_a_report_to_another_policy(console, box):
    supervisor = console().page()
    sign_in(supervisor, box.supervisor)
    page = console().page()
    sign_in(page, box.officer)
    box.hand("present_card", reader="lobby-in", person="p-001")
    a_report_names_its_purpose_and_is_handed_out(page)
    the_devices_stand_by_their_wires(page)
    an_entry_is_proven_by_the_browser_itself(page)
    the_theme_is_kept(page)
    another_policy_comes_into_force_by_two(page, supervisor, box)


def a_report_names_its_purpose_and_is_handed_out(page: Page) -> None:
    screen(page, "Reports")
    page.get_by_role("form", name="Ask for a report").locator("select").first.select_option(label="Who can go where")
    page.get_by_role("button", name="Show", exact=True).click()
    table = page.get_by_role("region", name="The report").get_by_role("table")
    expect(table).to_be_visible(timeout=STUDY_MILLISECONDS)
    assert table.get_by_role("row").count() > 2
    with page.expect_download(timeout=STUDY_MILLISECONDS) as kept:
        page.get_by_role("button", name="PDF", exact=True).click()
    assert kept.value.suggested_filename == "access.pdf"
    screen(page, "Watch")
    expect(page.locator('tr[data-kind="record_read"]').first).to_be_visible()


def the_devices_stand_by_their_wires(page: Page) -> None:
    screen(page, "Devices")
    expect(page.get_by_text("No device has a fault.")).to_be_visible()
    assert page.locator("[data-device]").count() > 5


def an_entry_is_proven_by_the_browser_itself(page: Page) -> None:
    screen(page, "Audit")
    expect(page.get_by_text("Entries signed")).to_be_visible(timeout=STUDY_MILLISECONDS)
    page.get_by_label("Search in what is loaded").fill("box")
    page.get_by_role("button", name=re.compile("^Prove entry")).last.click()
    expect(page.locator('[data-proof="holds"]')).to_contain_text("signed by the log's key", timeout=STUDY_MILLISECONDS)


def the_theme_is_kept(page: Page) -> None:
    screen(page, "Settings")
    page.get_by_label("Light").check()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.get_by_label("Dark").check()


def another_policy_comes_into_force_by_two(page: Page, supervisor: Page, box) -> None:
    screen(page, "Policy")
    page.get_by_role("button", name=re.compile("^Take version")).first.click()
    draft = page.locator("textarea")
    same = page.locator('[data-found="compare"]')
    expect(same).to_contain_text("means the same", timeout=STUDY_MILLISECONDS)
    toml = draft.input_value()
    draft.fill(toml.replace("unlock_seconds = 5", "unlock_seconds = 6", 1))
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator('[data-found="compare"] li')).to_have_count(1, timeout=STUDY_MILLISECONDS)
    page.get_by_role("button", name="Try on last week").click()
    expect(page.locator('[data-found="what_if"]')).to_be_visible(timeout=STUDY_MILLISECONDS)
    page.get_by_label("Name of the second person").fill(box.supervisor[0])
    page.get_by_label("Password of the second person").fill(OWN)
    secret = supervisor.evaluate("window.__secret ?? null")
    if secret:
        page.get_by_label("Code of the second person").fill(fresh_code(secret))
    page.get_by_role("button", name="Bring it into force").click()
    expect(page.get_by_text("In force, by entry")).to_be_visible(timeout=PROOF_MILLISECONDS)
    expect(page.locator("ol li").first).to_contain_text(f"{box.officer[0]} and {box.supervisor[0]}")


def fresh_code(secret: str) -> str:
    """Return the code after the present one, which the supervisor's sign-in may have used up."""
    import time

    import pyotp

    return pyotp.TOTP(secret).at(int(time.time()) + 30)
