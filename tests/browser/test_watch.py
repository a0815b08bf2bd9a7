"""A guard's first shift, in a real browser: sign in, see, acknowledge, lock down, and end it with a second person."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OWN = "a sentence is a good password"
HOLD_MILLISECONDS = 1_800


def sign_in(page: Page, who: tuple[str, str]) -> None:
    name, one_time = who
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(one_time)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(OWN)
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def door(page: Page, name: str):
    return page.locator(f'[data-door="{name}"]')


def test_a_one_time_password_is_replaced_and_the_page_fits_the_screen(console, box):
    page = console().page()
    sign_in(page, box.guard)
    expect(page.get_by_role("heading", name="Embassy, Vienna")).to_be_visible()
    expect(page.locator("[data-door]")).to_have_count(12)
    expect(door(page, "server-door")).to_have_attribute("data-status", "secured")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill(box.guard[0])
    page.get_by_label("Password", exact=True).fill(OWN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("[data-door]")).to_have_count(12)


def test_passwords_that_differ_go_no_further(console, box):
    page = console().page()
    page.get_by_label("Name").fill(box.guard[0])
    page.get_by_label("Password", exact=True).fill("not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Name or password is not right.")
    page.get_by_label("Password", exact=True).fill(box.guard[1])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(f"{OWN}!")
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The two new passwords differ.")


def test_a_forced_door_shows_is_acknowledged_by_key_and_closes_once_it_is_right_again(console, box):
    page = console().page()
    sign_in(page, box.guard)
    box.force_open("server-door")

    expect(door(page, "server-door")).to_have_attribute("data-status", "forced_open")
    alarm = page.locator("[data-alarm]").filter(has_text="Door forced open")
    expect(alarm).to_contain_text("What to do")
    expect(page.locator("[aria-live=assertive]")).to_contain_text("High alarm: Door forced open")
    expect(page.get_by_role("heading", name="Server room door")).to_be_visible()  # its camera came by itself
    expect(page.locator('tr[data-kind="alarm_raised"]')).to_be_visible()

    page.keyboard.press("a")
    expect(alarm).to_contain_text(f"Acknowledged by {box.guard[0]}")
    expect(alarm).to_contain_text("Its cause is still there")
    box.put_right("server-door")
    expect(door(page, "server-door")).to_have_attribute("data-status", "secured")
    alarm.get_by_label("What was it?").select_option(label="Patrol checked the place, all in order")
    alarm.get_by_role("button", name="Close alarm").click()
    expect(page.get_by_text("No alarm", exact=True)).to_be_visible()


def test_a_door_is_unlocked_for_somebody_and_the_record_says_why(console, box):
    page = console().page()
    sign_in(page, box.guard)
    door(page, "main-gate").press("Enter")
    sheet = page.get_by_role("dialog", name="Main gate")
    sheet.get_by_role("button", name="Unlock once").click()
    sheet.get_by_label("For whom?").fill("Courier with the diplomatic bag")
    sheet.get_by_role("button", name="Unlock now").click()
    expect(page.get_by_text("Ordered.")).to_be_visible()
    sheet.get_by_role("button", name="Unlock ordered for Courier").click()
    record = page.get_by_role("dialog", name=re.compile("^Event "))
    expect(record).to_contain_text("Courier with the diplomatic bag")


def test_lockdown_is_held_confirmed_seen_and_ended_by_two(console, box):
    guard = console().page()
    sign_in(guard, box.guard)
    box.force_open("parking-door")
    button = guard.get_by_role("button", name=re.compile("^Lockdown"))

    button.hover()
    guard.mouse.down()
    guard.mouse.up()
    expect(guard.get_by_role("dialog")).to_have_count(0)  # a tap is not enough

    guard.mouse.down()
    guard.wait_for_timeout(HOLD_MILLISECONDS)
    guard.mouse.up()
    dialog = guard.get_by_role("dialog", name="Start lockdown?")
    dialog.get_by_label("Reason").fill("Drill")
    dialog.get_by_role("button", name="Start lockdown").click()
    banner = guard.get_by_role("region", name="LOCKDOWN")
    expect(banner).to_contain_text("1 door not observed secured:")
    expect(banner.get_by_role("button", name="Parking entrance")).to_be_visible()
    expect(door(guard, "main-gate")).to_have_attribute("data-status", "lockdown")
    banner.get_by_role("button", name="Ask to end it").click()
    guard.get_by_role("dialog").get_by_role("button", name="Ask to end it").click()
    expect(banner).to_contain_text("Waiting for a second person")

    second = console().page()
    sign_in(second, box.supervisor)
    expect(second.get_by_role("region", name="LOCKDOWN")).to_contain_text(f"{box.guard[0]} asks to end it")
    second.get_by_role("button", name="Agree to end it").click()
    second.get_by_role("dialog").get_by_role("button", name="Agree to end it").click()
    expect(banner).to_have_count(0)


def test_a_link_gone_silent_is_said_with_its_age_and_what_was_missed_is_caught_up(console, box):
    page = console().page()
    sign_in(page, box.guard)
    box.stall(4.0)
    expect(page.get_by_role("alert")).to_contain_text("The link to the box is lost")
    expect(page.get_by_text(re.compile("Link lost, data \\d+ s old"))).to_be_visible()
    box.force_open("comms-door")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(door(page, "comms-door")).to_have_attribute("data-status", "forced_open")
    expect(page.locator('tr[data-kind="alarm_raised"]')).to_have_count(1)


def test_a_session_that_ended_elsewhere_leads_back_to_the_sign_in(console, box):
    opened = console()
    first = opened.page()
    sign_in(first, box.guard)
    second = opened.page()
    second.get_by_role("button", name="Sign out").click()
    expect(first.get_by_text("You were signed out.")).to_be_visible()


def test_single_letters_can_be_switched_off(console, box):
    page = console().page()
    sign_in(page, box.guard)
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="2 Parking", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="2 Parking", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("F2")
    expect(page.locator("#alarms")).to_be_focused()
