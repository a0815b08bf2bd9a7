"""Recordings and own streams over the API: for a purpose, by role and camera, behind the veil only by two."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import websockets
from immutables import Map
from websockets.asyncio.client import connect

from api.shield import AnswerBrokenOffError
from controller.domain.events import ClipRecorded, StillRecorded
from controller.domain.filming import Mask, MaskedBy, MaskKind
from controller.domain.operators import Refusal, Role
from controller.domain.record_orders import LiftVeil, LowerVeil, ReadRecords
from controller.domain.records import Purpose, RecordScope, RetentionClass
from controller.runtime.ports import FilmsBusy
from tests.api.consoles import PATIENCE, served
from tests.api.fakes import AUDITOR, CAMERA, GUARD, YARD_CAMERA, FakeFacade, browser, problem, sign_in

pytestmark = pytest.mark.anyio

WHEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLIP, STILL = "clips.cam-1.2026-11-21.120000000-7", "snapshots.cam-1.2026-11-21.120000000-7"
FOR = {"purpose": "investigation", "case": "2026/17"}
VEIL = Mask("the desk", MaskKind.VEIL, MaskedBy.BOX, ((0, 0), (1, 0), (1, 1)))


class FakeFilms:
    """Recordings in memory, and a stream that somebody feeds."""

    def __init__(self) -> None:
        self.kept = {CLIP: [b"ftyp", b"moof"], STILL: [b"\xff\xd8"]}
        self.parts: asyncio.Queue[bytes] = asyncio.Queue()
        self.viewed: list[str] = []
        self.ended: list[int] = []
        self.hidden: list[str] = []
        self.busy = False

    async def read(self, recording, *, whole, hidden=()):
        self.hidden = [mask.name for mask in hidden]
        if self.busy:
            raise FilmsBusy
        if recording not in self.kept:
            raise LookupError(recording)
        for part in self.kept[recording]:
            if part == b"damaged":
                raise ValueError(f"not what was written, whole: {whole}")
            yield part

    def view(self, camera):
        self.viewed.append(camera)
        return 7, self.parts

    def unview(self, number):
        self.ended.append(number)


@pytest.fixture
def building():
    facade = FakeFacade()
    facade.films = FakeFilms()
    clip = ClipRecorded(CLIP, CAMERA, RetentionClass.CLIPS, WHEN, 15.0, 8, "ab" * 32, True, (7,))
    facade.found["recording", CLIP] = [facade.record(clip)]
    facade.found["recording", STILL] = [facade.record(StillRecorded(STILL, CAMERA, WHEN, 2, "cd" * 32, (7,)))]
    facade.found["filmed", "7"] = facade.found["recording", CLIP] + facade.found["recording", STILL]
    return facade


def changed(facade, **camera):
    known = facade.site.cameras[CAMERA]
    facade.site = replace(facade.site, cameras={**facade.site.cameras, CAMERA: replace(known, **camera)})


async def test_an_events_recordings_are_told_without_being_shown(building):
    async with browser(building) as client:
        await sign_in(client)
        told = (await client.get("/api/events/7/recordings")).json()["recordings"]
        assert [(each["id"], each["kind"], each["seconds"], each["veiled"]) for each in told] == [
            (CLIP, "clips", 15.0, False),
            (STILL, "snapshots", 0.0, False),
        ]
        assert (await client.get("/api/events/8/recordings")).json() == {"recordings": []}
        assert not [entry for entry in building.tape if isinstance(entry[1], ReadRecords)]


async def test_a_film_is_shown_once_it_is_on_the_record_for_what(building):
    async with browser(building) as client:
        headers = await sign_in(client)
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"ftypmoof")
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["cache-control"] == "no-store"
        order = ReadRecords(RecordScope.RECORDING, Purpose.INVESTIGATION, "2026/17", camera=CAMERA, recording=CLIP)
        assert building.tape[-1] == (GUARD, order)
        answer = await client.post(f"/api/recordings/{STILL}/read", json=FOR, headers=headers)
        assert answer.headers["content-type"] == "image/jpeg"
        building.refusal = Refusal.NOT_YOUR_ROLE
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)
        assert problem(answer) == (403, "not_your_role")
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR)
        assert answer.status_code == 403


async def test_what_is_gone_or_was_tampered_with_is_not_shown(building):
    async with browser(building) as client:
        headers = await sign_in(client)
        for name in ("clips.cam-1.2026-11-21.120000000-8", "nothing"):
            answer = await client.post(f"/api/recordings/{name}/read", json=FOR, headers=headers)
            assert problem(answer) == (404, "unknown_recording")
        del building.films.kept[CLIP]
        building.films.kept[STILL] = [b"damaged"]
        for name in (CLIP, STILL):
            answer = await client.post(f"/api/recordings/{name}/read", json=FOR, headers=headers)
            assert problem(answer) == (404, "recording_gone")


async def test_a_silent_alarms_film_is_for_those_who_see_silent_alarms(building):
    hidden = building.record(replace(building.found["recording", CLIP][0].event, silent=True))
    building.found["recording", CLIP] = building.found["filmed", "7"] = [hidden]
    async with browser(building) as client:
        headers = await sign_in(client)
        assert (await client.get("/api/events/7/recordings")).json() == {"recordings": []}
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)
        assert problem(answer) == (404, "unknown_recording")


async def test_whom_the_sheet_does_not_name_is_told_of_no_recording(building):
    changed(building, playback=frozenset({Role.SECURITY_OFFICER}))
    async with browser(building) as client:
        await sign_in(client)
        assert (await client.get("/api/events/7/recordings")).json() == {"recordings": []}


async def test_behind_a_veil_nobody_sees_until_two_have_lifted_it(building):
    changed(building, masks=(VEIL,))
    async with browser(building) as client:
        headers = await sign_in(client)
        (told, *_) = (await client.get("/api/events/7/recordings")).json()["recordings"]
        assert told["veiled"]
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)
        assert (answer.status_code, building.films.hidden) == (200, ["the desk"])
        lifted = {"seconds": 60, "reason": "a theft"}
        answer = await client.post(f"/api/cameras/{CAMERA}/veil/lift", json=lifted, headers=headers)
        assert answer.status_code == 202
        assert building.tape[-1] == (GUARD, LiftVeil(CAMERA, 60.0, "a theft"))
        building.state = replace(building.state, veils=Map({CAMERA: building.clock + 60.0}))
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)
        assert (answer.status_code, building.films.hidden) == (200, [])
        building.clock += 60.0
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)
        assert (answer.status_code, building.films.hidden) == (200, ["the desk"])
        building.films.busy = True
        answer = await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)
        assert problem(answer) == (503, "films_busy")
        await client.post(f"/api/cameras/{CAMERA}/veil/lower", json={}, headers=headers)
        assert building.tape[-1] == (GUARD, LowerVeil(CAMERA))


async def test_what_is_shown_in_clear_breaks_off_where_the_veil_is_back(building):
    changed(building, masks=(VEIL,))
    building.state = replace(building.state, veils=Map({CAMERA: building.clock + 60.0}))
    read = building.films.read

    async def slowly(recording, *, whole, hidden=()):
        async for part in read(recording, whole=whole, hidden=hidden):
            yield part
            building.clock += 60.0

    building.films.read = slowly
    async with browser(building) as client:
        headers = await sign_in(client)
        with pytest.raises(AnswerBrokenOffError):
            await client.post(f"/api/recordings/{CLIP}/read", json=FOR, headers=headers)


def stream(client, camera):
    base = f"{client.base_url.host}:{client.base_url.port}"
    headers = {"Cookie": f"ostiary_session={client.cookies['ostiary_session']}"}
    url = f"ws://{base}/api/live/{camera}"
    return connect(url, origin=f"http://{base}", additional_headers=headers, proxy=None)


async def test_a_cameras_own_stream_comes_as_it_is_until_it_ends(building):
    async with served(building) as client, stream(client, CAMERA) as socket, asyncio.timeout(PATIENCE):
        for part in (b"ftyp", b"moof", b""):
            building.films.parts.put_nowait(part)
        assert [await socket.recv(), await socket.recv()] == [b"ftyp", b"moof"]
        await socket.wait_closed()
        assert socket.close_code == 4404
    assert (building.films.viewed, building.films.ended) == ([CAMERA], [7])


async def test_nothing_masked_passes_through_and_no_camera_for_another_role(building):
    changed(building, masks=(VEIL,))
    known = building.site.cameras[YARD_CAMERA]
    hidden = replace(known, live=frozenset({Role.SUPERVISOR}))
    building.site = replace(building.site, cameras={**building.site.cameras, YARD_CAMERA: hidden})
    async with served(building) as client, asyncio.timeout(PATIENCE):
        async with stream(client, CAMERA) as socket:
            await socket.wait_closed()
            assert socket.close_code == 4403
        for camera in (YARD_CAMERA, "cam-unknown"):
            with pytest.raises(websockets.exceptions.InvalidStatus):
                async with stream(client, camera):
                    pass
        assert not building.films.viewed
        answer = await client.get(f"/api/cameras/{YARD_CAMERA}/picture")
        assert answer.status_code == 403


async def test_who_loses_the_right_to_watch_loses_the_stream(building):
    async with served(building) as client, stream(client, CAMERA) as socket, asyncio.timeout(PATIENCE):
        building.films.parts.put_nowait(b"ftyp")
        assert await socket.recv() == b"ftyp"
        changed(building, live=frozenset({Role.SUPERVISOR}))
        await socket.wait_closed()
        assert socket.close_code == 4401


async def test_an_auditor_watches_no_camera(building):
    async with browser(building) as client:
        await sign_in(client, AUDITOR)
        answer = await client.get(f"/api/cameras/{CAMERA}/picture")
        assert problem(answer) == (403, "not_your_role")
