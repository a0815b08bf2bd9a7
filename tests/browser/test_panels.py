"""What a guard and a supervisor do at the newer panels, over the real rules: hands move the doors, badges and wires."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from controller.domain import stimuli as st
from controller.domain.ids import DoorId, PointId
from controller.domain.points import PointCondition
from tests.browser.box import served
from tests.browser.guard import HOLD_MILLISECONDS, door, rail, sign_in
from tests.browser.panels import BUTTON, DOOR, GLASS, ONE_TIME, PANEL, Panels

pytestmark = pytest.mark.browser

WAITING = "Somebody waits for your look"
SETTLED_MILLISECONDS = 1_200
"""Longer than the page asks a face to be on the screen before a key lets them in."""


@dataclass(frozen=True, slots=True)
class Building:
    """A running box, and the hand in its building."""

    url: str
    hands: Panels
    by_hand: Callable[[Callable[[], None]], None]

    def point(self, point: PointId, condition: PointCondition) -> None:
        self.by_hand(lambda: self.hands.point(point, condition))

    def badge(self) -> None:
        self.by_hand(self.hands.badge)


@pytest.fixture
def box() -> Iterator[Building]:
    hands = Panels()
    with served(hands) as (url, by_hand):
        yield Building(url, hands, by_hand)


def signed_in(console, who: str) -> Page:
    page = console().page()
    sign_in(page, (who, ONE_TIME[who][1]))
    return page


def fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def sheet(page: Page, name: str) -> Locator:
    door(page, name).press("Enter")
    return page.locator("dialog[open]")


def test_a_door_is_kept_unlocked_for_a_time_and_is_ordered_until_its_bolt_says_so(console, box):
    box.hands.stuck.add(DoorId("lobby-door"))
    page = signed_in(console, "supervisor")
    panel = sheet(page, "lobby-door")
    panel.get_by_role("button", name="Keep for a time").click()
    panel.get_by_label("Keep it").select_option("unlocked")
    panel.get_by_role("button", name="+15 min").click()
    panel.get_by_label("Why?").fill("Delivery of chairs")
    panel.get_by_role("button", name="Order", exact=True).click()
    asked = panel.get_by_role("region", name="Asked of its lock")
    expect(asked).to_contain_text(re.compile(r"Unlocked\s*in effect\s*supervisor, until \d\d:\d\d: Delivery of chairs"))
    expect(panel).to_contain_text("Unlocked, not observed yet")
    expect(door(page, "lobby-door")).to_have_attribute("data-status", "secured")
    expect(door(page, "lobby-door")).to_contain_text("Unlocked ordered")

    box.by_hand(box.hands.stuck.clear)
    asked.get_by_role("button", name="Release: Unlocked").click()
    expect(asked).to_contain_text("Nobody asks anything of it")


def test_the_strictest_order_is_in_effect_and_a_guard_cannot_relax(console, box):
    page = signed_in(console, "guard")
    panel = sheet(page, "lobby-door")
    panel.get_by_role("button", name="Keep for a time").click()
    expect(panel.get_by_label("Keep it").locator("option")).to_have_text(
        ["Secured: by badge only", "Blocked for every badge"]
    )
    for mode, why in (("secured", "Reception is empty"), ("blocked", "Painters")):
        if not panel.get_by_label("Keep it").is_visible():
            panel.get_by_role("button", name="Keep for a time").click()
        panel.get_by_label("Keep it").select_option(mode)
        panel.get_by_label("Why?").fill(why)
        panel.get_by_role("button", name="Order", exact=True).click()
        expect(panel.get_by_role("region", name="Asked of its lock")).to_contain_text(why)
    first, second = panel.get_by_role("region", name="Asked of its lock").get_by_role("listitem").all()
    expect(first).to_contain_text("Painters")
    expect(first).to_contain_text("in effect")
    expect(second).to_contain_text("stands behind it")
    expect(door(page, "lobby-door")).to_have_attribute("data-status", "blocked")


def test_who_waits_is_let_in_by_the_keyboard_alone(console, box):
    page = signed_in(console, "guard")
    box.badge()
    panel = page.get_by_role("region", name=WAITING)
    expect(panel).to_contain_text("Ada Lovelace")
    expect(panel).to_contain_text("Already right")
    expect(panel).to_contain_text("badge")
    expect(panel).to_contain_text("only your look")
    expect(panel.get_by_role("timer")).to_have_text(re.compile(r"^\d+ s left$"))
    expect(panel.locator("canvas")).to_have_count(1)
    expect(page.locator("[aria-live=assertive]")).to_contain_text("Ada Lovelace waits at")
    assert fits(page)
    page.keyboard.press("F4")
    expect(panel.get_by_role("button", name="Let in")).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel).to_have_count(0)
    expect(page.locator('tr[data-kind="access_granted"]')).to_contain_text("Ada Lovelace")
    expect(door(page, DOOR)).to_have_attribute("data-status", "unlocked")


def test_who_waits_is_held_against_their_portrait_and_without_one_the_guard_is_told(console, box, picture):
    page = signed_in(console, "guard")
    box.badge()
    panel = page.get_by_role("region", name=WAITING)
    expect(panel).to_contain_text("No portrait is kept: look at the photo on the badge.")
    page.keyboard.press("r")
    panel.get_by_label("Why refused?").select_option("Not the badge's holder")
    panel.get_by_role("button", name="Refuse").click()
    expect(panel).to_have_count(0)

    box.by_hand(box.hands.keep_portrait)
    box.badge()
    expect(panel.get_by_role("img", name="Portrait of Ada Lovelace")).to_be_visible()
    expect(panel.locator("canvas")).to_be_visible()
    expect(panel.get_by_role("button", name="Let in")).to_be_in_viewport(ratio=1)
    assert fits(page)
    picture(page, "challenge")
    panel.get_by_role("button", name="Let in").click()
    expect(panel).to_have_count(0)
    compared = [one.event for one in box.hands.records if type(one.event).__name__ == "PortraitCompared"]
    assert [(one.operator, one.cardholder) for one in compared] == [("guard", "p-ada")]  # that it was looked at stands


def test_who_waits_is_refused_with_a_reason_and_a_key_too_early_lets_nobody_in(console, box):
    page = signed_in(console, "guard")
    box.badge()
    panel = page.get_by_role("region", name=WAITING)
    expect(panel).to_be_visible()
    page.keyboard.press("l")  # begun before anybody stood there
    expect(panel).to_be_visible()
    page.keyboard.press("r")
    expect(panel.get_by_label("Why refused?")).to_be_focused()
    expect(panel.get_by_role("button", name="Refuse")).to_be_disabled()
    panel.get_by_label("Why refused?").select_option("Not the badge's holder")
    panel.get_by_role("button", name="Refuse").click()
    expect(panel).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Guard refused: Not the badge's holder")).first).to_be_visible()
    expect(page.locator('tr[data-kind="access_granted"]')).to_have_count(0)

    box.badge()
    expect(panel).to_be_visible()
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    page.keyboard.press("l")
    expect(page.locator('tr[data-kind="access_granted"]')).to_have_count(1)


def test_on_another_screen_who_waits_is_told_and_one_press_away(console, box):
    page = signed_in(console, "guard")
    page.get_by_role("button", name="Muster").click()
    box.badge()
    banner = page.get_by_role("region", name=WAITING)
    expect(banner).to_contain_text("Ada Lovelace waits at")
    banner.get_by_role("button", name="Look").click()
    expect(page.get_by_role("button", name="Let in")).to_be_visible()


def test_a_fire_names_what_is_not_seen_released_and_ends_after_its_panel_was_reset(console, box):
    box.hands.stuck.add(DOOR)
    page = signed_in(console, "guard")
    box.point(PANEL, PointCondition.ACTIVE)
    banner = page.get_by_role("region", name="FIRE")
    expect(banner).to_contain_text("1 door not seen released:")
    expect(banner.get_by_role("button", name="Chancery")).to_be_visible()
    confirm = banner.get_by_role("button", name="Confirm reset")
    expect(confirm).to_be_disabled()
    expect(confirm).to_have_accessible_description("The fire panel is still in alarm: it must be reset first.")
    expect(page.locator("[data-alarm]").filter(has_text="Fire")).to_contain_text("Call the fire brigade")
    assert fits(page)

    box.point(PANEL, PointCondition.OPEN_LOOP)
    expect(confirm).to_have_accessible_description(re.compile("broken or not heard of"))
    box.point(PANEL, PointCondition.NORMAL)
    confirm.click()
    dialog = page.get_by_role("dialog", name="Is the fire over?")
    dialog.get_by_label("Who reset the panel").fill("Brigade: burnt toast")
    dialog.get_by_role("button", name="Confirm reset").click()
    expect(banner).to_have_count(0)


def test_an_area_is_armed_trips_shows_on_the_plan_and_a_guard_alone_does_not_disarm_the_registry(console, box):
    guard, supervisor = signed_in(console, "guard"), signed_in(console, "supervisor")
    chip = guard.locator('[data-area="test-vault"]')
    expect(chip).to_contain_text("Disarmed")
    chip.click()
    area = guard.get_by_role("dialog", name="Intrusion area: Registry window")
    area.get_by_role("button", name="Arm", exact=True).click()
    expect(chip).to_have_attribute("data-mode", "armed")
    guard.keyboard.press("Escape")

    box.point(GLASS, PointCondition.ACTIVE)
    expect(chip).to_have_attribute("data-mode", "alarm")
    mark = guard.locator('.point[data-point="test-glass"]')
    expect(mark).to_have_attribute("data-mark", "alarm")
    expect(guard.locator("[data-alarm]").filter(has_text="Intrusion")).to_contain_text("Registry window")
    mark.press("Enter")
    expect(area.get_by_role("button", name="Disarm")).to_be_disabled()
    expect(area).to_contain_text("a supervisor disarms it")

    supervisor.locator('[data-area="test-vault"]').click()
    supervisor.get_by_role("dialog").get_by_role("button", name="Disarm").click()
    expect(chip).to_have_attribute("data-mode", "disarmed")


def test_a_broken_wire_is_left_out_for_a_time_and_the_area_is_walked(console, box):
    page = signed_in(console, "supervisor")
    box.point(GLASS, PointCondition.SHORTED)
    expect(page.locator('.point[data-point="test-glass"]')).to_have_attribute("data-mark", "fault")
    page.locator('[data-area="test-vault"]').click()
    area = page.get_by_role("dialog", name="Intrusion area: Registry window")
    expect(area).to_contain_text("Not ready, keeps it from being armed: Registry window")
    expect(area.get_by_role("button", name="Arm", exact=True)).to_be_disabled()
    area.get_by_role("button", name="Bypass Registry window").click()
    area.get_by_label("Why is it left out?").fill("Glazier works there")
    area.get_by_role("button", name="Bypass", exact=True).last.click()
    expect(area).to_contain_text(re.compile(r"Wire shorted, bypassed until \d\d:\d\d"))
    area.get_by_role("button", name="End bypass of Registry window").click()
    expect(area).not_to_contain_text("bypassed until")

    box.point(GLASS, PointCondition.NORMAL)
    area.get_by_role("button", name="Walk test").click()
    area.get_by_role("button", name="Start walk test").click()
    expect(area).to_contain_text("0 of 1 detectors seen to move")
    box.point(GLASS, PointCondition.ACTIVE)
    expect(area).to_contain_text("1 of 1 detectors seen to move")


def test_panic_is_held_and_a_silent_button_is_for_the_second_station_alone(console, box):
    guard, supervisor = signed_in(console, "guard"), signed_in(console, "supervisor")
    box.point(BUTTON, PointCondition.ACTIVE)
    silent = supervisor.locator("[data-alarm]").filter(has_text="Panic")
    expect(silent).to_contain_text("Silent")
    expect(silent).to_contain_text("Do not call the place by radio or telephone")
    expect(supervisor.locator('.point[data-point="test-button"]')).to_have_attribute("data-mark", "alarm")

    button = guard.get_by_role("button", name=re.compile("^Panic"))
    button.hover()
    guard.mouse.down()
    guard.wait_for_timeout(300)
    guard.mouse.up()
    expect(guard.locator("[data-alarm]")).to_have_count(0)  # a tap is not enough; and of the silent one, nothing
    expect(guard.get_by_text("Counter button")).to_have_count(0)
    guard.mouse.down()
    guard.wait_for_timeout(HOLD_MILLISECONDS)
    guard.mouse.up()
    expect(guard.get_by_text("Help is asked for")).to_be_visible()
    expect(guard.locator("[data-alarm]")).to_have_count(1)
    expect(guard.locator("[data-alarm]")).to_contain_text("Call for help on channel 3")
    expect(guard.locator("[data-alarm]")).not_to_contain_text("Silent")


def test_the_muster_lists_by_zone_prints_alone_and_forgives(console, box):
    guard, supervisor = signed_in(console, "guard"), signed_in(console, "supervisor")
    box.badge()
    expect(guard.get_by_role("region", name=WAITING)).to_be_visible()
    guard.wait_for_timeout(SETTLED_MILLISECONDS)
    guard.keyboard.press("l")
    expect(door(guard, DOOR)).to_have_attribute("data-status", "unlocked")
    box.by_hand(box.hands.goes_in)
    guard.get_by_role("button", name="Muster").click()
    inside = guard.locator('[data-whereabouts="inside"]')
    expect(inside).to_contain_text("Chancery: 1")
    expect(inside).to_contain_text("Ada Lovelace")
    guard.emulate_media(media="print")
    expect(guard.get_by_role("heading", name="Alarms")).to_be_hidden()
    expect(inside).to_be_visible()
    expect(guard.get_by_role("button", name="Print")).to_be_hidden()
    guard.emulate_media(media="screen")

    expect(guard.get_by_role("button", name="Forgive all")).to_have_count(0)
    inside.get_by_role("button", name="Forgive anti-passback for Ada Lovelace").click()
    guard.get_by_role("dialog").get_by_label("Why?").fill("Went out with a colleague")
    guard.get_by_role("dialog").get_by_role("button", name="Forgive", exact=True).click()
    expect(guard.get_by_text("Forgiven.")).to_be_visible()
    supervisor.get_by_role("button", name="Muster").click()
    supervisor.get_by_role("button", name="Forgive all").click()
    supervisor.get_by_role("dialog").get_by_label("Why?").fill("After the drill")
    supervisor.get_by_role("dialog").get_by_role("button", name="Forgive all").click()
    expect(supervisor.get_by_text("Forgiven.")).to_be_visible()
    assert [r.event.cardholder for r in box.hands.records if type(r.event).__name__ == "PassbackForgiven"] == [
        "p-ada",
        None,
    ]


def test_a_device_is_worked_on_until_a_time_and_what_comes_of_it_is_marked(console, box, picture):
    page = signed_in(console, "supervisor")
    device = next(iter(box.hands.site.devices.values()))
    rail(page, "Devices")
    row = page.locator(f'[data-device="{device.id}"]')
    row.get_by_role("button", name=f"Maintenance of {device.name}").click()
    dialog = page.get_by_role("dialog", name=f"Maintenance of {device.name}")
    dialog.get_by_role("button", name="+15 min").click()
    dialog.get_by_label("What is done?").fill("A new battery")
    dialog.get_by_role("button", name="Start maintenance").click()
    expect(row).to_contain_text(re.compile(r"In maintenance until \d\d:\d\d, supervisor: A new battery"))
    box.by_hand(lambda: box.hands.claim(st.BatterySeen(device.id, low=True)))
    alarm = page.locator("[data-alarm]").filter(has_text=device.name)
    expect(alarm).to_contain_text("Maintenance")
    expect(row).to_contain_text("battery low")
    picture(page, "devices")
    row.get_by_role("button", name=f"End the maintenance of {device.name}").click()
    expect(row).not_to_contain_text("In maintenance")
