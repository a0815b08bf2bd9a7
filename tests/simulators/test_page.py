"""The hand's page over HTTP, on a small generated building: what it tells, what it does, and whom it refuses."""

import asyncio
import json
import secrets
from pathlib import Path

import httpx
import pytest

from controller.domain.site import DeviceKind
from controller.site.loader import load_site
from controller.site.people import load_people
from simulators.building import Building
from simulators.estate import Estate, write
from simulators.hand import until
from simulators.page import Page
from simulators.wiring import LinesAre

PATIENCE = 20.0
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def building(tmp_path):
    write(Estate(3, 5, tmp_path / "ports", mqtt_doors=1), tmp_path / "site.toml", tmp_path / "people.csv")
    site = load_site(tmp_path / "site.toml")
    keys = {d.id: secrets.token_bytes(16) for d in site.devices.values() if d.kind is DeviceKind.OSDP}
    people = load_people(tmp_path / "people.csv", site)
    async with Building(site, people, keys=keys, logins={}, lines=LinesAre(linked=True)) as building:
        yield building


@pytest.fixture
async def browser(building):
    page = Page(building, port=0)
    address = await page.start()
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        yield client
    await page.stop()


async def test_it_tells_what_there_is_and_how_it_stands(browser, building):
    there = (await browser.get("/api/building")).json()
    assert [door["kind"] for door in there["doors"]] == ["turnstile", "leaf", "leaf"]
    assert there["doors"][1]["readers"] == ["door-001-in", "door-001-out"]
    assert len(there["people"]) == 3
    assert "present_card" in there["verbs"]
    stands = (await browser.get("/api/truth")).json()
    assert stands["doors"]["door-001"]["locked"] is True
    assert stands["readers"]["door-001-in"] == {"light": "black", "linked": False}  # no panel is there
    assert "door-000-in" not in stands["readers"], "no device on MQTT before there is a broker"
    assert stands["lines"] == {"line-01": {"collisions": 0, "faulty": False}}
    assert building.lines["line-01"].endswith("/ports/line-01")


async def test_a_hand_forces_a_door_and_the_stream_shows_it_at_once(browser):
    async with browser.stream("GET", "/api/stream") as stream:
        told = stream.aiter_lines()
        first = json.loads((await anext(told)).removeprefix("data: "))
        assert first["doors"]["door-002"]["open"] is False
        done = await browser.post("/api/hand", json={"verb": "force_open", "door": "door-002"})
        assert done.json() == {"verb": "force_open", "door": "door-002", "open": True}
        async with asyncio.timeout(PATIENCE):
            async for line in told:
                if line and json.loads(line.removeprefix("data: "))["doors"]["door-002"]["open"]:
                    break


@pytest.mark.parametrize(
    ("order", "word"),
    [
        ({"verb": "fly"}, "unknown verb"),
        ({"verb": "push", "door": "door-999"}, "not there"),
        ({"verb": "line_faults", "line": "line-01", "loss": "1.5"}, "1.5"),
        ({"verb": "mistake_key", "reader": "door-000-in"}, "not there"),
    ],
)
async def test_what_a_hand_cannot_do_is_told(browser, order, word):
    refused = await browser.post("/api/hand", json=order)
    assert refused.status_code == 422
    assert word in refused.json()["error"]


async def test_wires_are_made_bad_and_cut_and_mended(browser, building):
    bad = {"verb": "line_faults", "line": "line-01", "loss": "0.1", "echo": "true", "seed": "4"}
    assert (await browser.post("/api/hand", json=bad)).is_success
    assert (building.line("line-01").faults.loss, building.line("line-01").faults.echo) == (0.1, True)
    assert (await browser.get("/api/truth")).json()["lines"]["line-01"]["faulty"] is True
    port = building.site.lines["line-01"].port
    await browser.post("/api/hand", json={"verb": "cut_line", "line": "line-01"})
    assert not await asyncio.to_thread(exists, port)
    await browser.post("/api/hand", json={"verb": "mend_line", "line": "line-01"})
    assert await asyncio.to_thread(exists, port)


async def test_a_jammed_bolt_and_a_dead_lock_are_seen(browser, building):
    await browser.post("/api/hand", json={"verb": "jam", "door": "door-001"})
    await browser.post("/api/hand", json={"verb": "cut_power", "door": "door-001"})
    seen = (await browser.get("/api/truth")).json()["doors"]["door-001"]
    assert (seen["jammed"], seen["powered"]) == (True, False)
    await browser.post("/api/hand", json={"verb": "trip", "point": "pir"})
    assert await until(lambda: building.loops["pir"].name == "ACTIVE", PATIENCE)
    assert (await browser.get("/api/truth")).json()["points"]["pir"] == "active"


async def test_every_answer_is_strict_and_the_page_is_whole(browser):
    for path, word in (("/", "<title>The hand</title>"), ("/page.js", '"use strict"'), ("/page.css", "color-scheme")):
        answer = await browser.get(path)
        assert word in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    page = (await browser.get("/")).text
    assert "style=" not in page
    assert "onclick" not in page


async def test_no_other_page_can_reach_it(browser):
    form = await browser.post("/api/hand", content='{"verb": "push", "door": "door-001"}')
    assert form.status_code == 415
    elsewhere = await browser.get("/api/truth", headers={"host": "evil.example"})
    assert elsewhere.status_code == 400
    for body in ("[]", "no json", '{"verb": "' + "x" * 5000 + '"}'):
        told = await browser.post("/api/hand", content=body, headers={"content-type": "application/json"})
        assert told.status_code == 400
    assert (await browser.get("/api/hand")).status_code == 405


async def test_a_port_that_is_taken_is_said_so(browser, building):
    with pytest.raises(OSError, match="in use"):
        await Page(building, port=browser.base_url.port).start()


def exists(path):
    return Path(path).exists()
