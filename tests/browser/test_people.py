"""People, visitors and the muster on the screen: a whole box, real wires, and a card that nobody knew."""

from __future__ import annotations

import re

import numpy as np
import pytest
import simplejpeg
from playwright.sync_api import Locator, Page, expect

from simulators.badges import badge
from simulators.faces import enrolment_images
from tests.browser.every_screen import violations
from tests.browser.guard import rail, sign_in
from tests.browser.stage import staged

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NEW_CARD = badge("H10301", 77, 4242)


WEBCAM = (480, 640, 3)
PORTRAIT_HEIGHT = 240
EYES_MILLISECONDS = 60_000
"""How long the eyes may take over photos on a busy machine."""


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    """A webcam before which somebody sits: Chromium plays a film of two pictures."""
    film = tmp_path_factory.mktemp("webcam") / "film.mjpeg"
    film.write_bytes(b"".join(map(before_the_webcam, enrolment_images("astronaut")[:2])))
    fake = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
    return [*fake, f"--use-file-for-fake-video-capture={film}"]


def before_the_webcam(photo: bytes) -> bytes:
    head = simplejpeg.decode_jpeg(photo)
    scene = np.full(WEBCAM, 128, dtype=np.uint8)
    height, width = head.shape[:2]
    scene[100 : 100 + height, 200 : 200 + width] = head
    return simplejpeg.encode_jpeg(scene, quality=95)


def nobody() -> bytes:
    return simplejpeg.encode_jpeg(np.full(WEBCAM, 128, dtype=np.uint8))


@pytest.fixture
def box(tmp_path):
    with staged(tmp_path) as running:
        yield running


def test_somebody_is_added_given_a_badge_that_is_shown_at_a_reader_and_goes_in(console, box, picture):
    page = console().page()
    sign_in(page, box.supervisor)
    rail(page, "People")
    page.get_by_role("button", name="Add a person").click()
    form = page.get_by_role("dialog", name="Add a person")
    form.get_by_label("Name").fill("Nadia Newcomer")
    form.get_by_label("Clearance (0 to 9)").fill("3")
    form.get_by_label("Reason").fill("Starts today")
    form.get_by_role("button", name="Save").click()
    record = page.get_by_role("article", name="Nadia Newcomer")
    expect(record).to_contain_text("clearance 3")
    gives_level(page, "Diplomatic staff")

    record.get_by_role("button", name="Enrol a badge").click()
    dialog = page.get_by_role("dialog", name="Enrol a badge for Nadia Newcomer")
    reader = dialog.get_by_label("Reader").locator('option[value="lobby-in"]').inner_text()
    dialog.get_by_label("Reader").select_option(label=reader)
    dialog.get_by_label("Reason").fill("First badge")
    dialog.get_by_role("button", name="Wait for the badge").click()
    expect(dialog.get_by_role("status")).to_contain_text("Show the new badge")
    picture(page, "people-enrol")
    shows_new_card(box)
    expect(dialog).to_contain_text("A new card was shown (H10301)")
    assert not box.hand("push", door="lobby-door")["went_in"]  # to enrol opens nothing
    dialog.get_by_role("button", name="Give this badge").click()
    expect(record.locator('[data-badge][data-status="active"]')).to_have_count(1)
    picture(page, "people")

    shows_new_card(box)
    record.get_by_role("button", name=re.compile("^Read the history")).click()
    expect(record.get_by_role("list").last).to_contain_text("Main entrance")  # decided about her, not about a stranger

    record.get_by_role("button", name=re.compile("^Print p-")).click()
    card = page.locator("[data-card]")
    expect(card).to_contain_text("Nadia Newcomer")
    page.emulate_media(media="print")
    expect(card).to_be_visible()
    expect(page.locator(".screen")).to_be_hidden()
    page.emulate_media(media="screen")
    picture(page, "people-badge")
    page.keyboard.press("Escape")
    a_face_is_enrolled(page, record, picture)
    somebody_who_looks_alike_is_told_apart_and_their_face_withdrawn(page, picture)


def a_face_is_enrolled(page: Page, record: Locator, picture) -> None:
    """By webcam and by file; each photo gets its sentence, and the ground stands in the record."""
    record.get_by_role("button", name="Enrol a face").click()
    dialog = page.get_by_role("dialog", name="Enrol the face of Nadia Newcomer")
    dialog.get_by_role("button", name="Use the webcam").click()
    expect(dialog.locator("video")).to_have_js_property("videoWidth", WEBCAM[1])
    dialog.get_by_role("button", name="Take a picture").click()
    good, bad = dialog.locator('[data-photo="good"]'), dialog.locator('[data-photo="nobody"]')
    expect(good).to_have_count(1, timeout=EYES_MILLISECONDS)
    photos = [*enrolment_images("astronaut")[2:6], nobody()]
    files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": one} for n, one in enumerate(photos)]
    dialog.get_by_label("Or choose photos").set_input_files(files)
    expect(bad).to_contain_text("No face can be seen", timeout=EYES_MILLISECONDS)
    expect(good).to_have_count(5)
    assert bad.evaluate("({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight")  # the whole sentence
    expect(dialog.get_by_role("button", name="Enrol", exact=True)).to_be_disabled()  # the ground was not said
    dialog.get_by_label("Which form, signed when?").fill("Form 7, today")
    dialog.get_by_label("Keep one as a portrait").check()
    picture(page, "people-face")
    dialog.get_by_role("button", name="Enrol", exact=True).click()
    expect(dialog).to_have_count(0, timeout=EYES_MILLISECONDS)
    face = record.locator("[data-face]")
    expect(face).to_contain_text("Consent of the person")
    a_portrait_is_shown_and_destroyed(page, record)


def a_portrait_is_shown_and_destroyed(page: Page, record: Locator) -> None:
    record.get_by_role("button", name="Show the portrait").click()
    portrait = record.get_by_role("img", name="Portrait of Nadia Newcomer")
    expect(portrait).to_have_js_property("naturalHeight", PORTRAIT_HEIGHT)
    assert violations(page, within="article") == []
    record.get_by_role("button", name="Destroy the portrait").click()
    destruction = page.get_by_role("dialog", name="Destroy the portrait")
    destruction.get_by_label("Reason").fill("A better one is taken tomorrow")
    destruction.get_by_role("button", name="Confirm").click()
    expect(portrait).to_have_count(0)
    expect(record.get_by_role("button", name="Show the portrait")).to_have_count(0)
    expect(record.locator("[data-face]")).to_have_attribute("data-face", "enrolled")  # the template stays


def somebody_who_looks_alike_is_told_apart_and_their_face_withdrawn(page: Page, picture) -> None:
    """The same face under another name: whoever enrols it says that it is somebody else, or nobody is enrolled."""
    page.get_by_label("Name or id").fill("p-003")
    page.get_by_role("button", name="Search").click()
    page.locator('[data-person="p-003"]').click()
    record = page.get_by_role("article", name="Amara Okonkwo")
    record.get_by_role("button", name="Enrol a face").click()
    dialog = page.get_by_role("dialog", name="Enrol the face of Amara Okonkwo")
    files = [
        {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": one}
        for n, one in enumerate(enrolment_images("astronaut")[1:6])
    ]
    dialog.get_by_label("Or choose photos").set_input_files(files)
    expect(dialog.locator('[data-photo="good"]')).to_have_count(5, timeout=EYES_MILLISECONDS)
    dialog.get_by_label("Which form, signed when?").fill("Form 8, today")
    dialog.get_by_role("button", name="Enrol", exact=True).click()
    alike = dialog.get_by_role("group", name="Somebody enrolled already looks like this person")
    expect(alike).to_be_visible(timeout=EYES_MILLISECONDS)
    expect(record.locator("[data-face]")).to_have_attribute("data-face", "none")
    assert violations(page, within="dialog") == []
    picture(page, "people-alike")
    alike.get_by_label("Nadia Newcomer is somebody else than Amara Okonkwo").check()
    dialog.get_by_role("button", name="Enrol", exact=True).click()
    expect(dialog).to_have_count(0, timeout=EYES_MILLISECONDS)
    face = record.locator("[data-face]")
    expect(face).to_have_attribute("data-face", "enrolled")
    face.get_by_role("button", name="Withdraw the face").click()
    withdrawal = page.get_by_role("dialog", name="Withdraw the face")
    withdrawal.get_by_label("Reason").fill("Asked to")
    withdrawal.get_by_role("button", name="Confirm").click()
    expect(face).to_have_attribute("data-face", "none")


def gives_level(page: Page, level: str) -> None:
    page.get_by_label("Access level", exact=True).select_option(label=level)
    page.get_by_role("button", name="Give", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("Joined")
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name=f"Withdraw {level}")).to_be_visible()


def shows_new_card(box) -> None:
    box.hand("present_raw", reader="lobby-in", bits=str(NEW_CARD.bit_count), raw=NEW_CARD.raw.hex())


def test_a_record_is_read_for_a_purpose_and_an_evacuations_list_stays_when_the_box_is_gone(console, box, picture):
    opened = console()
    for fault in ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET"):
        opened.expect(fault)
    page = opened.page()
    sign_in(page, box.guard)
    a_record_takes_a_purpose_and_a_case(page)
    an_evacuation_counts_people(page, box, picture)

    box.process.kill()
    expect(page.get_by_role("alert").filter(has_text="this list is")).to_be_visible()
    expect(page.locator('[data-counted="p-003"]')).to_be_visible()
    expect(page.locator('[data-sought="p-004"]')).to_be_visible()
    rail(page, "Visitors")
    rail(page, "Muster")
    expect(page.locator('[data-sought="p-004"]')).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator('[data-sought="p-004"]')).to_be_visible()


def an_evacuation_counts_people(page: Page, box, picture) -> None:
    for person in ("p-003", "p-004"):
        assert box.hand("present_card", reader="lobby-in", person=person)["energised"]
        box.hand("push", door="lobby-door")
        box.hand("close", door="lobby-door")
    rail(page, "Muster")
    page.get_by_role("button", name="Evacuate").click()
    dialog = page.get_by_role("dialog", name="Start an evacuation?")
    dialog.get_by_label("Why?").fill("Smoke")
    dialog.get_by_role("button", name="Evacuate").click()
    sought = page.locator('[data-sought="p-003"]')
    sought.get_by_role("button").click()
    expect(page.locator('[data-counted="p-003"]')).to_be_visible()
    expect(sought).to_have_count(0)
    picture(page, "evacuation")
    rail(page, "Watch")
    expect(page.get_by_text("Evacuation under way")).to_be_visible()
    page.get_by_role("button", name="Open the muster").click()


def a_record_takes_a_purpose_and_a_case(page: Page) -> None:
    rail(page, "People")
    page.get_by_label("What for").select_option(label="Investigation")
    search = page.get_by_role("button", name="Search")
    expect(search).to_be_disabled()
    page.get_by_label("Number of the case").fill("2026/17")
    page.get_by_label("Name or id").fill("p-003")
    search.click()
    page.locator('[data-person="p-003"]').click()
    record = page.get_by_role("article", name="Amara Okonkwo")
    expect(record).to_contain_text("p-003")
    expect(record.get_by_role("button", name="Change")).to_have_count(0)  # a guard changes nobody
    rail(page, "Watch")
    expect(page.locator('tr[data-kind="record_read"]')).to_have_count(2)
