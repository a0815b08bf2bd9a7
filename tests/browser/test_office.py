"""The office's screens over a whole box: reports, proofs in the browser itself, devices, another policy by two."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.every_screen import violations
from tests.browser.guard import OWN, door, rail, sign_in
from tests.browser.stage import AWAY, staged

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

STUDY_MILLISECONDS = 60_000
"""How long a study may take on a busy machine: each is a process of its own."""
KEY_MILLISECONDS = 180_000
"""How long the wizard may take: two minutes, and until the reader speaks."""
HEAD = "osdp-chancery"
PROOF_MILLISECONDS = 240_000
"""How long it may take until a policy is proven once more and in force."""

FILM_MILLISECONDS = 60_000
"""How long it may take until a clip has ended and is kept, or is masked: a copy of it is encoded anew."""
BEHIND_THE_VEIL = """() => {
    const film = document.querySelector("video");
    if (!film || film.readyState < 2) return -1;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [film.videoWidth, film.videoHeight];
    const context = canvas.getContext("2d");
    context.drawImage(film, 0, 0);
    const [x, y] = [0.85 * canvas.width, 0.8 * canvas.height];
    return Math.max(...[-8, 0, 8].map((dy) => Math.max(...context.getImageData(x, y + dy, 1, 1).data.slice(0, 3))));
}"""
"""How bright a film is behind the consular hall's veil, 0 to 255; -1 while there is none."""


@pytest.fixture
def box(tmp_path):
    with staged(tmp_path) as running:
        yield running


def test_the_offices_screens_from_a_report_to_another_policy_and_back(console, box, picture):
    supervisor, page = console().page(), console().page()
    sign_in(supervisor, box.supervisor)
    sign_in(page, box.officer)
    box.hand("present_card", reader="lobby-in", person="p-003")
    a_program_is_let_in_and_out_again(page)
    events_are_told_to_somebody_who_is_away(page)
    picture(page, "office-settings")
    the_devices_stand_by_their_wires(page)
    another_reader_is_given_a_key(supervisor, box)  # it listens to every address of the wire while a policy is proven
    another_policy_is_compared_proven_and_tried(page)
    picture(page, "office-policy")
    it_speaks_in_its_secure_channel(supervisor, picture)
    by_two(page, supervisor, box.supervisor[0])
    expect(versions(page).first).to_contain_text(f"{box.officer[0]} and {box.supervisor[0]}")
    expect(door(supervisor, "lobby-door")).to_have_accessible_name(re.compile("Front entrance"))
    the_one_before_comes_back_by_two(supervisor, page, box)
    a_report_names_its_purpose_and_is_handed_out(page)
    an_entry_is_proven_by_the_browser_itself(page)
    picture(page, "office-audit")
    rail(page, "Watch")
    expect(page.locator('tr[data-kind="record_read"]')).to_have_count(3)
    what_is_chosen_is_kept(page)
    a_film_is_masked_until_two_lift_its_veil(page, supervisor, box, picture)


def the_devices_stand_by_their_wires(page: Page) -> None:
    rail(page, "Devices")
    expect(page.get_by_text("No device has a fault.")).to_be_visible()
    assert page.locator("[data-device]").count() > 5


def another_reader_is_given_a_key(page: Page, box) -> None:
    """By keyboard alone. The dialog says what will happen before anything does."""
    box.hand("hang_another", reader="chancery-in")
    rail(page, "Devices")
    expect(page.locator(f'[data-device="{HEAD}"]')).not_to_contain_text("online, secure channel")
    page.locator(f'[data-device="{HEAD}"]').get_by_role("button", name=re.compile("^Replace ")).press("Enter")
    dialog = page.get_by_role("dialog", name=re.compile("^Another reader in the place of"))
    expect(dialog.get_by_label("Why is it replaced?")).to_be_focused()
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    expect(dialog).to_contain_text("two minutes at most")
    expect(dialog.get_by_role("button", name="Give the new reader its key")).to_be_disabled()
    assert violations(page, within="dialog") == []
    page.keyboard.type("Struck by lightning")
    page.keyboard.press("Enter")
    expect(dialog.locator('[aria-current="step"]')).to_contain_text("key of its own")
    assert violations(page, within="dialog") == []


def it_speaks_in_its_secure_channel(page: Page, picture) -> None:
    dialog = page.get_by_role("dialog", name=re.compile("^Another reader in the place of"))
    expect(dialog.locator('[data-replacing="done"]')).to_contain_text("Serial number", timeout=KEY_MILLISECONDS)
    expect(dialog).to_contain_text("Others were heard on the wire")  # the demo's wire has several readers
    assert violations(page, within="dialog") == []
    picture(page, "devices-replaced")
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.locator(f'[data-device="{HEAD}"]')).to_contain_text("online, secure channel")
    expect(page.locator(f'[data-device="{HEAD}"]')).to_contain_text("Fault: its key was set where others could listen")
    rail(page, "Watch")


def a_program_is_let_in_and_out_again(page: Page) -> None:
    """By the token as it was copied: it opens what it is for, and nothing once it was revoked."""
    rail(page, "Settings")
    page.get_by_role("button", name="Make a token").click()
    form = page.get_by_role("dialog", name="Let a program in")
    form.get_by_label("Name").fill("bms")
    form.get_by_label("see doors, zones and alarms").check()
    form.get_by_label("Why?").fill("The building automation shows which doors stand open.")
    form.get_by_label("Zones (none").select_option(label="Lobby")
    assert violations(page, within="dialog") == []
    form.get_by_role("button", name="Make a token").click()
    secret = copied(page, "bms")
    assert secret.startswith("ost_bms.")
    assert (asked_with(page, secret, "/api/view"), asked_with(page, secret, "/api/events")) == (200, 403)
    rail(page, "Devices")
    rail(page, "Settings")
    token = page.locator('[data-token="bms"]')
    expect(token).to_contain_text("Lobby")
    expect(token).not_to_contain_text("never")  # it was just used
    assert secret.partition(".")[2] not in page.content()
    token.get_by_role("button", name="Revoke bms's token").click()
    page.get_by_label("Why?").fill("no longer needed")
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("No program is let in.")).to_be_visible()
    assert asked_with(page, secret, "/api/view") == 401


def events_are_told_to_somebody_who_is_away(page: Page) -> None:
    page.get_by_role("button", name="Add a webhook").click()
    form = page.get_by_role("dialog", name="Tell of events somewhere")
    form.get_by_label("Name").fill("siem")
    form.get_by_label("Address").fill(f"{AWAY}/ostiary")
    form.get_by_label("Why?").fill("The mission's log server.")
    form.get_by_role("button", name="Add a webhook").click()
    first = copied(page, "siem")
    hook = page.locator('[data-webhook="siem"]')
    hook.get_by_role("button", name="Make a new secret for siem").click()
    page.get_by_role("dialog").get_by_role("button", name="New secret").click()
    assert copied(page, "siem") != first
    expect(hook).to_contain_text("No answer:", timeout=STUDY_MILLISECONDS)  # the new secret is an event that is told
    expect(hook).to_contain_text("Not taken")
    assert violations(page, within="main > :last-child") == []


def copied(page: Page, name: str) -> str:
    """Copy what is shown once, put it away, and return it."""
    shown = page.get_by_role("dialog", name=f"{name}: copy it now")
    secret = shown.get_by_label("Secret").input_value()
    assert violations(page, within="dialog") == []
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown.get_by_role("button", name="Copy").click()
    expect(shown.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    shown.get_by_role("button", name="I have kept it").click()
    expect(shown).to_have_count(0)
    return secret


def asked_with(page: Page, token: str, path: str) -> int:
    """Ask for something as a program does, that has no cookie."""
    program = page.context.browser.new_context(ignore_https_errors=True)
    try:
        origin = page.evaluate("location.origin")
        return program.request.get(f"{origin}{path}", headers={"Authorization": f"Bearer {token}"}).status
    finally:
        program.close()


def what_is_chosen_is_kept(page: Page) -> None:
    rail(page, "Settings")
    page.get_by_role("radio", name="Light").check()
    page.get_by_label("Single letters are shortcuts").uncheck()
    page.reload(wait_until="domcontentloaded")
    rail(page, "Settings")
    expect(page.get_by_role("radio", name="Light")).to_be_checked()
    expect(page.get_by_label("Single letters are shortcuts")).not_to_be_checked()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.get_by_role("radio", name="Dark").check()


def another_policy_is_compared_proven_and_tried(page: Page) -> None:
    rail(page, "Policy")
    versions(page).first.get_by_role("button", name="Take it as a draft").click()
    changes = page.locator('[data-found="compare"]')
    expect(changes).to_contain_text("means the same", timeout=STUDY_MILLISECONDS)
    expect(page.get_by_role("form", name="Bring it into force")).to_have_count(0)  # there is nothing to agree to
    draft = page.locator("textarea")
    toml = draft.input_value()
    draft.fill(toml.replace("[site]", "[sight]", 1))
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(changes).to_contain_text("It is not in order", timeout=STUDY_MILLISECONDS)
    draft.fill(toml.replace('name = "Main entrance"', 'name = "Front entrance"', 1))
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(changes).to_contain_text("What it changes", timeout=STUDY_MILLISECONDS)
    expect(changes.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Prove", exact=True).click()
    proven = page.locator('[data-found="prove"]')
    expect(proven.get_by_role("listitem").first).to_contain_text("Holds:", timeout=PROOF_MILLISECONDS)
    expect(proven).not_to_contain_text("Broken:")
    page.get_by_role("button", name="Try on last week").click()
    tried = page.locator('[data-found="what_if"]')
    expect(tried).to_contain_text("1 request was decided again", timeout=STUDY_MILLISECONDS)
    expect(tried).to_contain_text("Nothing would have gone otherwise.")


def by_two(page: Page, second: Page, name: str) -> None:
    """Agree to the draft: whose console it is, and somebody beside them with password and code."""
    agreed = page.get_by_role("form", name="Bring it into force")
    agreed.get_by_label("Name of the second person").fill(name)
    agreed.get_by_label("Password of the second person").fill(OWN)
    agreed.get_by_label("Code of the second person").fill(unused_code(second))
    agreed.get_by_role("button", name="Bring it into force").click()
    expect(page.get_by_text("In force, by entry")).to_be_visible(timeout=PROOF_MILLISECONDS)


def the_one_before_comes_back_by_two(page: Page, second: Page, box) -> None:
    rail(page, "Policy")
    expect(versions(page)).to_have_count(2)
    versions(page).nth(1).get_by_role("button", name="Go back to it").click()
    expect(page.locator('[data-found="compare"]')).to_contain_text("What it changes", timeout=STUDY_MILLISECONDS)
    by_two(page, second, box.officer[0])
    expect(versions(page)).to_have_count(3)
    expect(versions(page).first).to_contain_text(f"{box.supervisor[0]} and {box.officer[0]}")


def versions(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Versions").get_by_role("listitem")


def a_report_names_its_purpose_and_is_handed_out(page: Page) -> None:
    rail(page, "Reports")
    page.get_by_role("form", name="Ask for a report").locator("select").first.select_option(label="Who can go where")
    page.get_by_role("button", name="Show", exact=True).click()
    table = page.get_by_role("region", name="The report").get_by_role("table")
    expect(table).to_be_visible(timeout=STUDY_MILLISECONDS)
    assert table.get_by_role("row").count() > 2
    for kind, begins in (("CSV", b"\xef\xbb\xbf"), ("PDF", b"%PDF-")):
        with page.expect_download(timeout=STUDY_MILLISECONDS) as kept:
            page.get_by_role("button", name=kind, exact=True).click()
        assert kept.value.suggested_filename == f"access.{kind.lower()}"
        assert kept.value.path().read_bytes().startswith(begins)


def an_entry_is_proven_by_the_browser_itself(page: Page) -> None:
    rail(page, "Audit")
    expect(page.get_by_text("Entries signed")).to_be_visible(timeout=STUDY_MILLISECONDS)
    page.get_by_role("button", name=re.compile("^Prove entry")).last.click()
    expect(page.locator('[data-proof="holds"]')).to_contain_text("signed by the log's key", timeout=STUDY_MILLISECONDS)


def a_film_is_masked_until_two_lift_its_veil(page: Page, second: Page, box, picture) -> None:
    box.force_and_wedge("consular-door")
    rail(page, "Alarms")
    page.locator("tr[data-history]").filter(has_text="Door forced open").get_by_role("button").first.click()
    clip = page.locator("[data-recording]").filter(has_text="Consular hall: Clip")
    expect(clip).to_contain_text("masked", timeout=FILM_MILLISECONDS)  # it comes by itself once it is kept
    page.get_by_label("Case").fill("2026/17")
    clip.click()
    page.wait_for_function(f"() => ({BEHIND_THE_VEIL})() === 0", timeout=FILM_MILLISECONDS)
    picture(page, "film-veiled")

    page.locator('[data-veil="cam-consular"]').get_by_role("button", name="Lift the veil…").click()
    lifting = page.get_by_role("dialog", name="Lift the veil of Consular hall")
    lifting.get_by_label("Why it must be seen").fill("Who took the papers")
    assert violations(page, within="dialog") == []
    picture(page, "film-lift")
    lifting.get_by_role("button", name="Ask for it").click()
    expect(clip).to_contain_text("masked")  # one alone lifts nothing
    second.get_by_role("button", name="1 waits for a second person").click()
    waiting = second.get_by_role("dialog", name="Waits for a second person").locator('[data-pending="lift_veil"]')
    expect(waiting).to_contain_text("Who took the papers")
    waiting.get_by_role("button", name="I agree").click()
    expect(clip).not_to_contain_text("masked")
    clip.click()
    page.wait_for_function(f"() => ({BEHIND_THE_VEIL})() > 20", timeout=FILM_MILLISECONDS)
    expect(page.locator("[data-veil]")).to_have_count(0)


def unused_code(page: Page) -> str:
    """Return the code after the present one, which the sign-in of whoever sits at the page may have used up."""
    generator = pyotp.TOTP(page.evaluate("window.__secret"))
    return generator.generate_otp(generator.timecode(datetime.now(UTC)) + 1)
