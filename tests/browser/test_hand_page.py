"""The simulators' hand as somebody clicks it in Chromium: a door gives way, the truth is drawn, nothing broken."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
REPORT_CSP = """
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective}`));
"""

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path):
    """A generated building of three doors that stands alone: a turnstile on MQTT, two leaves on a line."""
    given = ("building", "--site", "site.toml", "--doors", "4", "--data", "data", "--page", "0")
    sim = subprocess.Popen(
        [sys.executable, "-m", "simulators", *given],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with sim:
        yield sim.stdout.readline().split()[-1]
        sim.send_signal(signal.SIGTERM)


@pytest.fixture
def page(chromium, address):
    faults = []
    context = chromium.new_context(viewport={"width": 1366, "height": 850}, reduced_motion="reduce")
    context.add_init_script(REPORT_CSP)
    page = context.new_page()
    page.on("console", lambda message: message.type == "error" and faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    expect(page.get_by_role("status")).to_have_text("live")
    yield page
    context.close()
    assert [fault for fault in faults if "422" not in fault] == []


def truth(address):
    with urllib.request.urlopen(f"{address}/api/truth") as answer:
        return json.load(answer)


def test_a_door_is_clicked_and_forced_and_seen_to_stand_open(page, address):
    page.get_by_role("button", name="Door 2").click()
    expect(page.get_by_role("heading", name="Door 2")).to_be_visible()
    page.get_by_role("button", name="force open").click()
    expect(page.get_by_role("button", name="Door 2")).to_contain_text("open")
    expect(page.locator("#log li").first).to_contain_text("force open")
    assert truth(address)["doors"]["door-002"]["forced"] == 1
    page.get_by_role("button", name="cut power").click()
    expect(page.get_by_role("button", name="Door 2")).to_contain_text("no power")


def test_a_card_is_shown_that_nobody_answers_and_a_line_is_made_bad(page, address):
    page.get_by_role("button", name="Door 3").click()
    page.get_by_label("Reader").select_option("door-003-out")
    page.get_by_role("button", name="Present card").click()
    expect(page.locator("#log li").first).to_contain_text("energised false")
    page.get_by_text("Lines", exact=True).click()
    page.get_by_label("Loss").fill("0.2")
    page.get_by_label("Echo").check()
    page.get_by_role("button", name="Make it so bad").click()
    expect(page.locator("#lines")).to_contain_text("line-01: bad")
    page.get_by_label("Loss").fill("7")
    page.get_by_role("button", name="Make it so bad").click()
    expect(page.locator("#log li").first).to_have_attribute("data-ok", "no")


def test_a_turnstile_has_verbs_of_its_own_and_a_detector_is_tripped(page, address):
    page.get_by_role("button", name="Door 0").click()
    page.get_by_role("button", name="rotate out").click()
    expect(page.locator("#log li").first).to_contain_text("turned")
    page.get_by_text("Detectors and buttons").click()
    row = page.get_by_role("row", name="Glass-break")
    row.get_by_role("button", name="cut loop").click()
    expect(row).to_contain_text("open loop")
