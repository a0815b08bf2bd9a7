"""Who gets in, in a real browser: a code generator, a passkey, an idle lock, a hand-over, two people at one console."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.sync_api import Page, expect

from controller.domain.doors import Position
from controller.domain.ids import DoorId, OperatorId
from controller.domain.operators import Role
from controller.domain.stimuli import DuressSeen, PositionSeen
from tests.browser.box import Box, Hands, served
from tests.browser.guard import OWN, door, press_lockdown, set_up_code_generator, sign_in

pytestmark = pytest.mark.browser

GUARD, SUPERVISOR = OperatorId("guard"), OperatorId("supervisor")
FORCED = "somebody makes me do it"
HOLD_MILLISECONDS = 1_800


class Proving(Hands):
    """Hands whose operators need a second factor, where the test says so, and whose wall clock is the real one."""

    async def vouch(self, operator, password, *, address):
        found = await super().vouch(operator, password, address=address)
        if found.watched:
            self.claim(DuressSeen(operator, address))
        return found

    async def sign_in(self, operator, password, *, new_password, address):
        if self.one_time.get(operator) == password and new_password is not None:
            del self.one_time[operator]
            self.passwords[operator] = password = new_password
        elif self.one_time.get(operator) == password:
            return await super().sign_in(operator, password, new_password=new_password, address=address)
        return await self.vouch(operator, password, address=address)


@dataclass(frozen=True)
class Stage(Box):
    hands: Hands


@pytest.fixture
def box():
    hands = Proving({GUARD: (Role.GUARD, "once-for-guard"), SUPERVISOR: (Role.SUPERVISOR, "once-for-supervisor")})
    with served(hands) as (url, by_hand):
        yield Stage(
            url=url.replace("127.0.0.1", "localhost"),
            guard=(GUARD, "once-for-guard"),
            force_open=lambda name: by_hand(lambda: hands.claim(PositionSeen(DoorId(name), Position.OPEN))),
            stall=lambda seconds: by_hand(lambda: time.sleep(seconds)),
            hands=hands,
        )


def next_code(secret: str, after: int) -> tuple[str, int]:
    """Return a code of a later half minute than ``after``: the next one counts already."""
    generator = pyotp.TOTP(secret)
    step = max(generator.timecode(datetime.now(UTC)), after + 1)
    return generator.generate_otp(step), step


def name_and_password(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_first_sign_in_sets_a_code_generator_up_and_the_next_one_shows_its_code(console, box):
    box.hands.must_prove.add(GUARD)
    opened = console()
    page = opened.page()
    sign_in(page, box.guard)
    secret = page.evaluate("window.__secret")
    page.get_by_role("button", name="Sign out").click()
    name_and_password(page, GUARD, OWN)
    page.get_by_label("Code from your code generator").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_have_text("The code or the passkey is not right, or was used before.")
    used = pyotp.TOTP(secret).timecode(datetime.now(UTC))
    page.get_by_label("Code from your code generator").fill(next_code(secret, used)[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def test_a_passkey_is_made_and_signs_in(console, box):
    box.hands.must_prove.add(GUARD)
    page = console().page()
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    name_and_password(page, *box.guard)
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(OWN)
    page.get_by_role("button", name="Set password and sign in").click()
    page.get_by_label("Name of the passkey").fill("The guard's key")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="I have written them down").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    (key,) = box.hands.factors.passkeys(GUARD)
    assert key.name == "The guard's key"
    page.get_by_role("button", name="Sign out").click()
    name_and_password(page, GUARD, OWN)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert box.hands.factors.passkeys(GUARD)[0].counter > key.counter


def test_a_locked_console_takes_no_orders_shows_every_alarm_and_is_unlocked_by_its_operator(console, box):
    opened = console()
    opened.expect("status of 423")
    page = opened.page()
    sign_in(page, box.guard)
    page.get_by_title("My account").click()
    page.get_by_role("button", name="Lock this console").click()
    expect(page.get_by_text("Locked: alarms go on, orders need you.")).to_be_visible()
    box.force_open("server-door")
    alarm = page.locator("[data-alarm]").filter(has_text="Door forced open")
    expect(alarm).to_be_visible()
    expect(page.locator("[aria-live=assertive]")).to_contain_text("High alarm: Door forced open")
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog", name="Unlock this console")
    dialog.get_by_label("Your password").fill(OWN)
    dialog.get_by_role("button", name="Unlock").click()
    expect(alarm).to_contain_text(f"Acknowledged by {GUARD}")  # what was ordered is done once they said who they are
    expect(page.get_by_text("Locked: alarms go on, orders need you.")).to_have_count(0)


def test_a_shift_is_handed_over_with_what_is_open(console, box):
    guard, supervisor = console().page(), console().page()
    sign_in(guard, box.guard)
    sign_in(supervisor, (SUPERVISOR, "once-for-supervisor"))
    box.force_open("server-door")
    expect(guard.locator("[data-alarm]")).to_have_count(1)
    guard.get_by_role("button", name="Hand over").click()
    sheet = guard.get_by_role("dialog", name="Hand the shift over")
    expect(sheet.locator("[data-sheet=alarms]")).to_contain_text("Door forced open")
    sheet.get_by_label("What should whoever comes next know?").fill("The technician comes at six")
    sheet.get_by_role("button", name="Hand over").click()
    expect(supervisor.get_by_text(f"{GUARD} hands the shift over")).to_be_visible()
    supervisor.get_by_role("button", name="Take over").click()
    taken = supervisor.get_by_role("dialog", name="Take the shift over")
    expect(taken).to_contain_text("The technician comes at six")
    expect(taken.locator("[data-sheet=alarms]")).to_contain_text("Door forced open")
    taken.get_by_role("button", name="Take over").click()
    expect(supervisor.get_by_text(f"{GUARD} hands the shift over")).to_have_count(0)
    kinds = [type(record.event).__name__ for record in box.hands.records]
    assert kinds.index("ShiftHandedOver") < kinds.index("ShiftAccepted")


def test_a_sign_in_by_force_looks_as_always_and_the_second_station_knows(console, box):
    supervisor, forced = console().page(), console().page()
    sign_in(supervisor, (SUPERVISOR, "once-for-supervisor"))
    box.hands.passwords[GUARD] = OWN
    box.hands.one_time.pop(GUARD, None)
    box.hands.duress[GUARD] = FORCED
    name_and_password(forced, GUARD, FORCED)
    expect(forced.get_by_text("Live", exact=True)).to_be_visible()
    expect(supervisor.locator("[data-alarm]").filter(has_text="Under duress")).to_contain_text("Silent")
    expect(forced.locator("[data-alarm]")).to_have_count(0)


def test_two_end_a_lockdown_at_one_console(console, box):
    second, page = console().page(), console()
    page.expect("status of 401")
    page = page.page()
    sign_in(page, box.guard)
    box.hands.must_prove.add(SUPERVISOR)
    sign_in(second, (SUPERVISOR, "once-for-supervisor"))
    secret = second.evaluate("window.__secret")
    used = pyotp.TOTP(secret).timecode(datetime.now(UTC))
    press_lockdown(page, HOLD_MILLISECONDS)
    dialog = page.get_by_role("dialog", name="Start lockdown?")
    dialog.get_by_label("Reason").fill("Drill")
    dialog.get_by_role("button", name="Start lockdown").click()
    banner = page.get_by_role("region", name="LOCKDOWN")
    banner.get_by_role("button", name="Ask to end it").click()
    page.get_by_role("dialog").get_by_role("button", name="Ask to end it").click()
    page.get_by_role("button", name="1 waits for a second person").click()
    waiting = page.get_by_role("dialog", name="Waits for a second person")
    expect(waiting.locator('[data-pending="end_lockdown"]')).to_contain_text("asked for by guard")
    waiting.get_by_role("button", name="Second person, here").click()
    waiting.get_by_label("Name of the second person").fill(SUPERVISOR)
    waiting.get_by_label("Password of the second person").fill(OWN)
    waiting.get_by_label("Code of the second person").fill(next_code(secret, used)[0])
    waiting.get_by_role("button", name="I agree").click()
    expect(banner).to_have_count(0)
    expect(page.get_by_title("My account")).to_contain_text(GUARD)  # it is still the first one's console
    expect(door(page, "server-door")).to_have_attribute("data-status", re.compile("secured"))


def test_a_bare_address_offers_no_passkey_and_says_why(console, box):
    box.hands.must_prove.add(GUARD)
    opened = console()
    page = opened.page()
    opened.expect("http://localhost")  # what the first page had still to fetch
    opened.url = box.url.replace("localhost", "127.0.0.1")
    page.goto(opened.url, wait_until="domcontentloaded")
    name_and_password(page, *box.guard)
    page.get_by_label("New password", exact=True).fill(OWN)
    page.get_by_label("New password again").fill(OWN)
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_text("Passkeys work under the box's name")).to_be_visible()
    set_up_code_generator(page)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
