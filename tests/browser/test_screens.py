"""The screens a guard works a shift at, over the real rules: alarms, doors, cameras, and the keys to all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from playwright.sync_api import Page, expect

from controller.domain import stimuli as st
from controller.domain.alarms import in_order
from controller.domain.doors import Position
from controller.domain.events import (
    AlarmShelved,
    AlarmStepDone,
    CameraPresetKept,
    CameraPresetOrdered,
    CameraStopOrdered,
    CameraTurnOrdered,
    Event,
    ThreatLevelSet,
)
from controller.domain.heads import Head, HeadDriver
from controller.domain.ids import CameraId, DoorId, ZoneId
from controller.domain.operators import Panic
from controller.domain.site import Site
from tests.browser.box import served
from tests.browser.guard import HOLD_MILLISECONDS, sign_in
from tests.browser.panels import GUARD, ONE_TIME, SUPERVISOR, Panels

pytestmark = pytest.mark.browser

COMMS = DoorId("comms-door")
BURST = 200


class Filmed(Panels):
    """A building whose cameras show a colour of their own each."""

    async def picture(self, camera: CameraId, *, rests: bool = False) -> bytes | None:
        tint = 40 + 23 * list(self.site.cameras).index(camera)
        ramp = np.linspace(20, tint + 60, 640, dtype=np.uint8)
        picture = np.dstack([np.tile(ramp, (360, 1)), np.full((360, 640), tint), np.full((360, 640), 90)])
        return simplejpeg.encode_jpeg(np.ascontiguousarray(picture.astype(np.uint8)), quality=80)


def on_two_floors(site: Site) -> Site:
    """Return the site with its offices upstairs."""
    upstairs = {ZoneId(name) for name in ("chancery", "registry", "comms_room", "server_room")}
    floors = {
        zone.id: replace(zone, floor="First floor" if zone.id in upstairs else "Ground floor" if zone.shape else "")
        for zone in site.zones.values()
    }
    return replace(site, zones=floors)


@dataclass(frozen=True, slots=True)
class Building:
    """A running box, and the hand in its building."""

    url: str
    hands: Filmed
    by_hand: Callable[[Callable[[], None]], None]

    def happens(self, *stimuli: st.Stimulus) -> None:
        self.by_hand(lambda: self.hands.claim(*stimuli))

    def events(self, kind: type[Event]) -> list[Event]:
        return [record.event for record in self.hands.records if isinstance(record.event, kind)]

    @staticmethod
    def until(condition: Callable[[], object], page: Page) -> None:
        """Wait for what a page does to be done in the building."""
        for _ in range(600):
            if condition():
                return
            page.wait_for_timeout(50)
        raise AssertionError(condition)


@pytest.fixture
def box() -> Iterator[Building]:
    hands = Filmed()
    with served(hands) as (url, by_hand):
        yield Building(url, hands, by_hand)


def signed_in(console, who: str) -> Page:
    page = console().page()
    sign_in(page, (who, ONE_TIME[who][1]))
    return page


def forced(at: DoorId = COMMS) -> st.Stimulus:
    return st.PositionSeen(at, Position.OPEN)


def shut(at: DoorId = COMMS) -> st.Stimulus:
    return st.PositionSeen(at, Position.CLOSED)


def flat(box: Building, which: int = 0) -> st.Stimulus:
    return st.BatterySeen(list(box.hands.site.devices)[which], low=True)


def screen(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Screens").get_by_role("button", name=name, exact=True).click()


def card(page: Page):
    return page.locator("#alarms article").first


def nothing_scrolls(page: Page) -> bool:
    """Tell whether everything of the open alarm is on the screen: neither the page nor its list has to move."""
    return page.evaluate(
        "() => document.documentElement.scrollHeight <= innerHeight &&"
        " document.querySelector('#alarms').scrollHeight <= document.querySelector('#alarms').clientHeight"
    )


def test_an_alarm_is_worked_with_three_inputs_and_no_scrolling(console, box):
    page = signed_in(console, "guard")
    box.happens(forced(), shut())
    expect(card(page)).to_contain_text("Door forced open")
    assert nothing_scrolls(page)
    page.keyboard.press("a")
    expect(card(page)).to_contain_text("Acknowledged by guard")
    assert nothing_scrolls(page)
    card(page).get_by_label("What was it?").select_option(index=2)
    card(page).get_by_role("button", name="Close alarm").click()
    expect(page.locator("#alarms")).to_contain_text("No alarm")


def test_a_step_that_was_done_is_on_the_record_and_on_every_console(console, box):
    page, second = signed_in(console, "guard"), signed_in(console, "supervisor")
    box.happens(forced())
    card(page).get_by_role("checkbox").nth(1).check()
    for shown in (page, second):
        expect(card(shown).get_by_role("checkbox").nth(1)).to_be_checked()
        expect(card(shown).get_by_role("checkbox").nth(1)).to_be_disabled()
        expect(card(shown).get_by_role("checkbox").nth(0)).not_to_be_checked()
    (done,) = box.events(AlarmStepDone)
    assert (done.step, done.operator) == (1, "guard")


def test_escalating_asks_for_another_look(console, box):
    page = signed_in(console, "guard")
    box.happens(forced())
    expect(card(page)).to_be_visible()
    page.keyboard.press("a")
    expect(card(page)).to_contain_text("Acknowledged by guard")
    page.keyboard.press("e")
    expect(card(page)).to_contain_text("Escalated")
    expect(card(page).get_by_role("button", name="Acknowledge")).to_be_visible()


def test_a_supervisor_shelves_what_may_wait_and_it_stands_below_with_its_reason(console, box):
    page = signed_in(console, "supervisor")
    box.happens(flat(box))
    expect(card(page)).to_be_visible()
    page.keyboard.press("s")
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Why may it wait?").fill("A new battery comes at noon")
    dialog.get_by_role("button", name="Shelve").click()
    group = page.locator("#alarms").get_by_role("button", name="Shelved")
    expect(group).to_contain_text("1 alarm")
    expect(page.locator("#alarms article")).to_have_count(0)
    expect(page.get_by_role("group", name="Unacknowledged alarms")).not_to_contain_text("1")
    group.click()
    card(page).click()
    expect(card(page)).to_contain_text(
        re.compile(r"Shelved by supervisor until \d\d:\d\d: A new battery comes at noon")
    )
    card(page).get_by_role("button", name="Take off the shelf").click()
    expect(card(page).get_by_role("button", name="Acknowledge")).to_be_visible()
    assert len(box.events(AlarmShelved)) == 1


def test_what_is_never_shelved_offers_no_shelf(console, box):
    page = signed_in(console, "supervisor")
    box.happens(forced())
    expect(card(page).get_by_role("button", name="Escalate")).to_be_visible()
    expect(card(page).get_by_role("button", name="Shelve")).to_have_count(0)
    page.keyboard.press("s")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_burst_of_200_alarms_keeps_its_order_and_only_what_may_be_is_grouped(console, box):
    page = signed_in(console, "guard")
    batteries = [flat(box, n) for n in range(len(box.hands.site.devices))]
    calls = [st.Ordered(GUARD, Panic()) for _ in range(BURST - len(batteries))]
    box.happens(*(one for pair in zip_longest(calls, batteries) for one in pair if one is not None))
    expect(page.get_by_role("alert").filter(has_text="Alarm flood")).to_be_visible()
    expect(page.locator("#alarms article")).to_have_count(len(calls))
    shown = [one.get_attribute("data-alarm") for one in page.locator("#alarms article").all()]
    assert shown == [one.id for one in in_order(box.hands.state.alarms.values())][: len(calls)]
    assert shown == sorted(shown, key=lambda name: int(name[1:]))
    groups = page.locator("#alarms button.group")
    counts = [int(re.search(r"(\d+) alarm", text)[1]) for text in groups.all_inner_texts()]
    assert sum(counts) == len(batteries)
    assert len(counts) < len(batteries)
    groups.first.click()
    expect(page.locator("#alarms article")).to_have_count(len(calls) + counts[0])
    assert page.locator("header").get_by_text(str(len(calls))).count() == 1


def test_the_sound_says_that_it_was_not_tried_and_a_mute_lasts_until_the_next_alarm(console, box):
    page = signed_in(console, "guard")
    sound = page.locator("header button.sound")
    expect(sound).to_contain_text("Sound not tried")
    sound.click()
    expect(sound).to_contain_text("Sound on")
    box.happens(forced())
    expect(card(page)).to_be_visible()
    page.keyboard.press("m")
    expect(sound).to_contain_text("Muted")
    box.happens(forced(DoorId("chancery-door")))
    expect(sound).to_contain_text("Sound on")


def test_the_history_tells_what_was_done_about_an_alarm_that_is_closed(console, box):
    page = signed_in(console, "guard")
    box.happens(forced(), shut())
    page.keyboard.press("F2")
    card(page).get_by_role("button", name="Acknowledge").click()
    card(page).get_by_label("What was it?").select_option(index=2)
    card(page).get_by_role("button", name="Close alarm").click()
    screen(page, "Alarms")
    row = page.locator("tr[data-history]")
    expect(row).to_contain_text("Closed")
    course = page.get_by_role("region", name=re.compile("^Door forced open: ")).locator("ol li")
    expect(course).to_have_count(4)
    expect(course.nth(0)).to_contain_text("Alarm: Door forced open")
    expect(course.nth(3)).to_contain_text("Alarm closed")
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    expect(row).to_have_count(0)


def test_an_alarm_that_comes_in_takes_nobodys_choice_away(console, box):
    page = signed_in(console, "guard")
    box.happens(flat(box, 0), flat(box, 1))
    screen(page, "Alarms")
    other = page.locator('tr[data-history][aria-selected="false"]')
    expect(other).to_have_count(1)
    chosen = page.locator(f'tr[data-history="{other.get_attribute("data-history")}"]')
    other.get_by_role("button").click()
    expect(chosen).to_have_attribute("aria-selected", "true")
    box.happens(forced())
    expect(page.locator("tr[data-history]")).to_have_count(3)
    expect(card(page)).to_contain_text("Door forced open")  # it is worked first, and not looked at unasked
    expect(chosen).to_have_attribute("aria-selected", "true")


def test_doors_are_found_ordered_and_shown_as_ordered_until_they_are_seen(console, box):
    page = signed_in(console, "supervisor")
    box.hands.stuck.add(DoorId("lobby-door"))
    page.keyboard.press("/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search doors")).to_be_focused()
    page.keyboard.type(box.hands.site.doors[DoorId("lobby-door")].name)
    row = page.locator('tr[data-row="lobby-door"]')
    expect(row).to_contain_text("Secured")
    row.get_by_role("button", name=re.compile("^Unlock, block, keep")).click()
    sheet = page.locator("dialog[open]")
    sheet.get_by_role("button", name="Unlock once").click()
    sheet.get_by_label(re.compile("whom", re.IGNORECASE)).fill("The plumber")
    sheet.locator("form button[type=submit]").click()
    page.keyboard.press("Escape")
    expect(row).to_contain_text("Unlocked ordered")
    expect(row).to_have_attribute("data-status", "secured")
    box.by_hand(box.hands.stuck.clear)


def test_the_wall_shows_every_camera_and_one_of_them_large_with_what_happened_there(console, box):
    opened = console()
    opened.expect("response code: 403")  # nothing records in this building, so no camera sends its own stream
    page = opened.page()
    sign_in(page, (GUARD, ONE_TIME[GUARD][1]))
    box.happens(forced())
    screen(page, "Cameras")
    expect(page.locator("[data-tile]")).to_have_count(len(box.hands.site.cameras))
    expect(page.locator("[data-tile] canvas:not(.empty)")).to_have_count(len(box.hands.site.cameras))
    page.get_by_role("group", name="Pictures at once").get_by_role("button", name="4", exact=True).click()
    expect(page.locator("[data-tile]")).to_have_count(4)
    page.get_by_role("button", name=re.compile("^Further cameras")).click()
    expect(page.locator("[data-tile]").first).not_to_contain_text("Main gate")
    page.locator("[data-tile]").first.click()
    expect(page.get_by_role("region", name="What happened here")).to_be_visible()
    expect(page.get_by_text("picture by picture")).to_be_visible()
    expect(page.locator(".frame canvas:not(.empty)")).to_be_visible()
    page.get_by_role("button", name="Back to the wall").click()
    expect(page.locator("[data-tile]").first).to_be_visible()


def test_a_threat_level_takes_a_press_that_is_held(console, box):
    page = signed_in(console, "supervisor")
    page.get_by_role("button", name=re.compile("^Threat level")).click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Level").select_option(index=1)
    dialog.get_by_label("Reason").fill("A demonstration before the gate")
    hold = dialog.get_by_role("button", name=re.compile("^Set level: press and hold"))
    hold.hover()
    page.mouse.down()
    page.wait_for_timeout(300)
    page.mouse.up()
    assert box.events(ThreatLevelSet) == []
    page.mouse.down()
    page.wait_for_timeout(HOLD_MILLISECONDS)
    page.mouse.up()
    expect(dialog).to_have_count(0)
    (raised,) = box.events(ThreatLevelSet)
    assert (raised.operator, raised.reason) == ("supervisor", "A demonstration before the gate")


def test_each_floor_has_its_plan_and_an_alarm_brings_its_own(console, box):
    box.hands.site = on_two_floors(box.hands.site)
    page = signed_in(console, "guard")
    floors = page.get_by_role("group", name="Floors")
    expect(floors.get_by_role("button", name="Ground floor")).to_have_attribute("aria-pressed", "true")
    expect(page.locator('[data-door="main-gate"]')).to_be_visible()
    expect(page.locator(f'[data-door="{COMMS}"]')).to_have_count(0)
    expect(page.locator('[data-door="chancery-door"]')).to_be_visible()
    box.happens(forced())
    expect(floors.get_by_role("button", name="First floor 1")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f'[data-door="{COMMS}"]')).to_have_attribute("data-status", "forced_open")
    expect(page.locator('[data-door="main-gate"]')).to_have_count(0)
    expect(page.locator('[data-door="chancery-door"]')).to_be_visible()
    floors.get_by_role("button", name="Ground floor").click()
    expect(page.locator('[data-door="main-gate"]')).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_each_screen_fits_and_is_photographed(console, box, theme, tmp_path, pytestconfig):
    """With `--pictures DIR` the pictures are kept: those of docs/console are made so."""
    folder = Path(pytestconfig.getoption("pictures") or tmp_path)
    page = signed_in(console, "supervisor")
    if theme == "light":
        page.get_by_role("button", name="Light or dark").click()
    box.happens(flat(box), forced(), forced(DoorId("chancery-door")), shut(DoorId("chancery-door")))
    expect(card(page)).to_be_visible()
    card(page).get_by_role("checkbox").first.check()
    for name in ("Watch", "Alarms", "Doors", "Cameras"):
        screen(page, name)
        page.wait_for_timeout(600)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), name
        page.screenshot(path=folder / f"{name.lower()}-{theme}.png")


def test_a_camera_is_turned_while_a_button_or_an_arrow_is_held_and_sent_where_it_knows(console, box, tmp_path):
    """A guard turns and sends it; what a place means is a supervisor's to change."""
    site = box.hands.site
    gate = next(iter(site.cameras.values()))
    head = Head(HeadDriver.ONVIF, "camera:80", {1: "Door", 2: "Street"}, home=1)
    box.hands.site = replace(site, cameras={**site.cameras, gate.id: replace(gate, head=head)})

    opened = console()
    opened.expect("response code: 403")  # nothing records in this building, so no camera sends its own stream
    page = opened.page()
    sign_in(page, (SUPERVISOR, ONE_TIME[SUPERVISOR][1]))
    screen(page, "Cameras")
    page.get_by_role("button", name=f"Show {gate.name} large").click()
    pad = page.get_by_role("group", name=f"Turn {gate.name}")

    pad.get_by_role("button", name="Left", exact=True).hover()
    page.mouse.down()
    box.until(lambda: len(box.events(CameraTurnOrdered)) > 1, page)
    page.mouse.up()
    box.until(lambda: box.events(CameraStopOrdered), page)
    page.keyboard.down("ArrowUp")
    box.until(lambda: box.events(CameraTurnOrdered)[-1].tilt > 0, page)
    page.keyboard.up("ArrowUp")
    box.until(lambda: len(box.events(CameraStopOrdered)) > 1, page)
    turned = box.events(CameraTurnOrdered)
    assert {(one.pan, one.tilt) for one in turned} == {(-0.5, 0.0), (0.0, 0.5)}
    assert max(one.seconds for one in turned) <= 2.0

    page.get_by_role("button", name="Look at Street").click()
    box.until(lambda: [one.preset for one in box.events(CameraPresetOrdered)] == [2], page)
    page.get_by_role("button", name="Keep this view as Street").click()
    page.locator("dialog[open]").get_by_role("button", name="Keep this view").click()
    box.until(lambda: [one.preset for one in box.events(CameraPresetKept)] == [2], page)
    page.wait_for_timeout(300)
    page.screenshot(path=tmp_path / "camera-head.png")
