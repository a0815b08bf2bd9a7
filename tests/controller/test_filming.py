"""Films of what happens, over real RTSP and the real recorder: cut, told, read back, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import simplejpeg

from controller import film_keeper
from controller.cli import Nobody
from controller.core import open_core, start_up
from controller.disk import LOG, MIB, ROOM_AGAIN, DiskWatch
from controller.domain import stimuli as st
from controller.domain.alarms import AlarmKind, Priority, Source
from controller.domain.events import (
    AlarmRaised,
    CardholderErased,
    ClipRecorded,
    Recorded,
    RecordingsDropped,
    RetentionApplied,
    StillRecorded,
)
from controller.domain.filming import Mask, MaskedBy, MaskKind, Recording
from controller.domain.ids import CameraId, CardholderId, OperatorId
from controller.domain.instant import Instant
from controller.domain.operators import Operator, Role
from controller.domain.record_orders import PlaceLegalHold
from controller.domain.records import RetentionClass
from controller.film_keeper import FilmKeeper
from controller.filmed import FOLDER, RecordingName, cameras_of, recorded_day, recording_name
from controller.filming import Filming
from controller.runtime.ports import FilmsBusy
from controller.site.loader import load_site
from controller.store.private_file import shred
from controller.store.projection import FILMED, Projection
from simulators.camera import Cameras
from tests.controller.test_retention import CONFIG
from vision.gateway import CameraAccess
from vision.recording.sealed import SealedError

SERVER = CameraId("cam-server")
ALICE = CardholderId("alice")
PATIENCE = 60.0
NOON = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)


def quick(site):
    """The embassy with one camera, whose clips are short."""
    return replace(site, cameras={SERVER: site.cameras[SERVER]}, recording=Recording(pre_seconds=1.0, post_seconds=1.0))


@contextlib.asynccontextmanager
async def filming(folder, *, before=None):
    """A core on a folder, its recorder, one simulated camera, and every record."""
    async with Cameras([SERVER], username="ostiary", password="secret") as cameras:
        core = open_core(folder, CONFIG, Nobody())
        records: list[Recorded] = []
        core.runtime.listen(records.append)
        start_up(core)
        core.runtime.site = quick(core.runtime.site)
        if before is not None:
            before(core)
        films = Filming(core, 0)
        await films.start({SERVER: CameraAccess(cameras.url(SERVER), "ostiary", "secret")})
        try:
            yield core, films, records, cameras
        finally:
            await films.stop()
            core.close()


async def told(records, kind, fits=lambda _: True):
    async with asyncio.timeout(PATIENCE):
        while True:
            for record in records:
                if isinstance(record.event, kind) and fits(record.event):
                    return record
            await asyncio.sleep(0.05)


async def seen(core, films, records):
    """Raise alarms before the camera until a picture of one was kept: it takes a while to connect."""
    async with asyncio.timeout(PATIENCE):
        while not any(isinstance(record.event, StillRecorded) for record in records):
            films.heard(alarm(core.runtime.seq))
            await asyncio.sleep(1.0)


def alarm(seq, *, silent=False):
    source = Source(camera=SERVER, cardholder=ALICE)
    event = AlarmRaised("a1", AlarmKind.TAMPER, Priority.HIGH, source, "", persists=False, silent=silent)
    return Recorded(seq, Instant(NOON, 0.0), "boot", "site", event)


async def content(films, name, *, whole=True):
    return b"".join([part async for part in films.read(name, whole=whole)])


def test_an_alarm_gets_a_clip_and_a_still_of_the_camera_that_sees_it(tmp_path):
    async def story():
        async with filming(tmp_path / "box") as (core, films, records, _):
            await seen(core, films, records)
            still = (await told(records, StillRecorded)).event
            jpeg = await content(films, still.still)
            assert jpeg[:2] == b"\xff\xd8"
            assert (len(jpeg), hashlib.sha256(jpeg).hexdigest()) == (still.size, still.digest)
            clip = (await told(records, ClipRecorded)).event
            clear = await content(films, clip.clip)
            assert clear[4:8] == b"ftyp"
            assert (len(clear), hashlib.sha256(clear).hexdigest()) == (clip.size, clip.digest)
            assert clip.whole
            assert ALICE in clip.cardholders
            assert clip.events
            await core.log.append(())
            projection = Projection(core.folder, core.keystore.secrets)
            found = projection.history(FILMED, str(clip.events[0]), before=None, limit=10)
            assert clip in [record.event for record in found]
            await masked_by_two_at_once(films, still.still)
            path = recording_name(clip.clip).path(core.folder)
            assert clear[:64] not in path.read_bytes()

            path.write_bytes(path.read_bytes()[:-40])
            with pytest.raises(SealedError):
                await content(films, clip.clip)
            shred(path)
            with pytest.raises(LookupError):
                await content(films, clip.clip)
            with pytest.raises(LookupError):
                await content(films, "clips.../../../etc.2026-11-22.000000000-1")
            async with asyncio.timeout(PATIENCE):
                while not (covered := films.coverage.get(SERVER)) or not covered.recorded:
                    films.heard(alarm(core.runtime.seq))
                    await asyncio.sleep(1.0)  # the recorder tells every five seconds
            assert covered.recorded <= covered.expected

    asyncio.run(story())


async def masked_by_two_at_once(films, still):
    """Look at one still masked, as three viewers do: two have places, and who goes gives theirs back."""
    veil = Mask("all", MaskKind.VEIL, MaskedBy.BOX, ((0, 0), (1, 0), (1, 1), (0, 1)))
    looks = [films.read(still, whole=True, hidden=(veil,)) for _ in range(3)]
    for look in looks[:2]:
        assert await anext(look)
    with pytest.raises(FilmsBusy):
        await anext(looks[2])
    await looks[0].aclose()
    black = b"".join([part async for part in films.read(still, whole=True, hidden=(veil,))])
    assert simplejpeg.decode_jpeg(black).max() <= 5
    await looks[1].aclose()


def test_what_a_hard_stop_left_is_taken_in_at_the_next_start(tmp_path):
    async def story():
        box = tmp_path / "box"
        async with filming(box) as (core, films, records, _):
            await seen(core, films, records)
            clip = (await told(records, ClipRecorded)).event
        path = recording_name(clip.clip).path(box)
        cut = path.read_bytes()
        path.with_name(path.name + ".part").write_bytes(cut[: len(cut) * 3 // 4])
        path.unlink()
        async with filming(box) as (_, films, records, _):
            again = (await told(records, ClipRecorded, lambda event: event.clip == clip.clip)).event
            assert not again.whole
            assert again.events == (recording_name(clip.clip).seq,)
            clear = await content(films, clip.clip, whole=False)
            assert (len(clear), hashlib.sha256(clear).hexdigest()) == (again.size, again.digest)

    asyncio.run(story())


def test_a_camera_that_is_recorded_all_the_time_has_one_file_after_another_without_a_gap(tmp_path):
    def continuous(core):
        camera = replace(core.runtime.site.cameras[SERVER], continuous=True)
        core.runtime.site = replace(core.runtime.site, cameras={SERVER: camera})

    async def story():
        async with filming(tmp_path / "box", before=continuous) as (_, films, records, _):
            films.segment = 6.0
            done: list[ClipRecorded] = []
            async with asyncio.timeout(PATIENCE):
                while len(done) < 3:
                    await asyncio.sleep(0.2)
                    clips = [record.event for record in records if isinstance(record.event, ClipRecorded)]
                    done = [clip for clip in clips if clip.kind is RetentionClass.CONTINUOUS]
            for before, after in pairwise(done):
                assert after.began <= before.began + timedelta(seconds=before.seconds + 0.2)
            assert films.coverage[SERVER].recorded > 0

    asyncio.run(story())


def test_a_silent_alarms_film_is_as_silent(tmp_path):
    async def story():
        async with filming(tmp_path / "box") as (core, films, records, _):
            await seen(core, films, records)
            films.heard(alarm(5, silent=True))
            for kind in (StillRecorded, ClipRecorded):
                event = (await told(records, kind, lambda event: event.events == (5,))).event
                assert event.silent

    asyncio.run(story())


def test_when_its_time_is_over_a_days_key_ends_and_its_files_go(tmp_path):
    async def story():
        core = open_core(tmp_path / "box", CONFIG, Nobody())
        try:
            records: list[Recorded] = []
            core.runtime.listen(records.append)
            start_up(core)
            now = core.clock.now().wall
            days = {age: kept_day(core, now - timedelta(days=age)) for age in (6, 9)}  # this camera keeps for seven
            await FilmKeeper(core, 0).keep()
            applied = [record.event for record in records if isinstance(record.event, RetentionApplied)]
            assert [(event.retention, event.destroyed) for event in applied] == [(RetentionClass.CLIPS, 1)]
            assert days[6].path(core.folder).exists()
            assert days[6].subject in core.keystore.subjects()
            assert not days[9].path(core.folder).parent.exists()
            assert days[9].subject not in core.keystore.subjects()
        finally:
            core.close()

    asyncio.run(story())


def test_a_hold_keeps_what_is_past_its_time_and_whats_over_the_quota(tmp_path):
    async def story():
        core = open_core(tmp_path / "box", CONFIG, Nobody())
        try:
            start_up(core)
            name = kept_day(core, core.clock.now().wall - timedelta(days=99))
            core.runtime.site = replace(core.runtime.site, recording=Recording(quota_gib=1e-9))
            core.runtime.handle(st.OperatorEnrolled("t", Operator(OperatorId("dora"), Role.DATA_PROTECTION_OFFICER)))
            await core.runtime.handle(st.Ordered(OperatorId("dora"), PlaceLegalHold("h", None, "a letter"))).durable
            await FilmKeeper(core, 0).keep()
            assert name.path(core.folder).exists()
        finally:
            core.close()

    asyncio.run(story())


def test_where_there_is_no_more_room_continuous_recordings_go_first_and_the_log_says_so(tmp_path):
    async def story():
        core = open_core(tmp_path / "box", CONFIG, Nobody())
        try:
            records: list[Recorded] = []
            core.runtime.listen(records.append)
            start_up(core)
            now = core.clock.now().wall
            old, new = kept_day(core, now - timedelta(days=5)), kept_day(core, now)
            rolled = kept_day(core, now, RetentionClass.CONTINUOUS)
            core.runtime.site = replace(core.runtime.site, recording=Recording(quota_gib=1500 / 2**30))
            await FilmKeeper(core, 0).keep()
            dropped = [record.event.kind for record in records if isinstance(record.event, RecordingsDropped)]
            assert dropped == [RetentionClass.CONTINUOUS, RetentionClass.CLIPS]
            assert [name.path(core.folder).exists() for name in (old, new, rolled)] == [False, True, False]
        finally:
            core.close()

    asyncio.run(story())


def test_a_disk_that_runs_full_raises_an_alarm_loses_its_oldest_recordings_and_has_room_for_the_log_again(
    tmp_path, monkeypatch
):
    """A disk of 10,000 bytes, of which 4,000 are to be left to the log."""
    monkeypatch.setattr(film_keeper, "ROOM_SECONDS", 0.01)
    size, reserve = 10_000, 4_000

    def room(folder):
        return size - sum(path.stat().st_size for path in folder.rglob("*.sealed"))

    async def story():
        core = open_core(tmp_path / "box", CONFIG, Nobody())
        keeper = FilmKeeper(core, reserve, room)
        try:
            records: list[Recorded] = []
            core.runtime.listen(records.append)
            start_up(core)
            now = core.clock.now().wall
            watched = [(LOG, core.folder / FOLDER)]
            watch = DiskWatch(watched, core.runtime.submit, 1, lambda folder: room(folder) * MIB // reserve)
            clips = [kept_day(core, now - timedelta(days=age)) for age in (3, 2, 1)]
            rolled = [kept_day(core, now - timedelta(days=age), RetentionClass.CONTINUOUS) for age in (2, 1, 0)]
            watch.look()
            keeper.start()
            await asyncio.sleep(0.1)
            assert not [record for record in records if isinstance(record.event, RecordingsDropped)]
            clips.append(kept_day(core, now))  # one more, and 3,000 are left
            watch.look()
            raised = [record.event for record in records if isinstance(record.event, AlarmRaised)]
            (low,) = [event for event in raised if event.kind is AlarmKind.DISK_LOW]
            assert low.persists
            async with asyncio.timeout(PATIENCE):
                while room(core.folder / FOLDER) < reserve * ROOM_AGAIN:  # noqa: ASYNC110 - a disk rings no bell
                    await asyncio.sleep(0.01)
            assert [name.path(core.folder).exists() for name in rolled] == [False, False, True]
            assert all(name.path(core.folder).exists() for name in clips)
            watch.look()
            assert not core.runtime.state.alarms[low.alarm].persists
            dropped = [record.event for record in records if isinstance(record.event, RecordingsDropped)]
            assert [event.kind for event in dropped] == [RetentionClass.CONTINUOUS] * 2
        finally:
            await keeper.stop()
            core.close()

    asyncio.run(story())


def test_films_of_somebody_who_is_erased_are_shredded_and_those_with_others_stay(tmp_path):
    async def story():
        core = open_core(tmp_path / "box", CONFIG, Nobody())
        try:
            start_up(core)
            alone, both = (kept_day(core, NOON.replace(hour=hour)) for hour in (9, 10))
            for name, people in ((alone, (ALICE,)), (both, (ALICE, "bob"))):
                fact = ClipRecorded(str(name), SERVER, name.kind, name.began, 1.0, 1, "", True, (1,), people)
                await core.runtime.handle(st.KeepingDone(fact)).durable
            keeper = FilmKeeper(core, 0)
            keeper.heard(Recorded(9, Instant(NOON, 0.0), "b", "s", CardholderErased("dora", "sven", ALICE, "left")))
            await keeper._forget_erased()
            assert [name.path(core.folder).exists() for name in (alone, both)] == [False, True]
        finally:
            core.close()

    asyncio.run(story())


def kept_day(core, when, kind=RetentionClass.CLIPS):
    """A file of 1000 bytes under the key of a day."""
    name = RecordingName(kind, SERVER, when, 1)
    core.keystore.key_at_once(name.subject, "recording")
    core.keystore.keep_new()
    path = name.path(core.folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(1000))
    return name


def test_a_recordings_name_says_where_it_is_and_nothing_else_is_a_name():
    name = RecordingName(RetentionClass.CLIPS, CameraId("cam-a-b"), NOON, 42)
    assert str(name) == "clips.cam-a-b.2026-11-22.120000250-42"
    assert recording_name(str(name)) == name
    assert name.subject == "rec-clips-cam-a-b-2026-11-22"
    kind, camera, day = recorded_day(name.subject)
    assert (kind, camera, f"{day:%Y-%m-%d}") == (RetentionClass.CLIPS, "cam-a-b", "2026-11-22")
    for wrong in ("", "clips", f"{name}x", "clips.a/b.2026-11-22.120000250-1", "clips.a.2026-13-22.120000250-1"):
        assert recording_name(wrong) is None
    for wrong in ("p-1", "text-audit-2026-11-22", "rec-clips-cam-2026-13-22", "rec-people-cam-2026-11-22"):
        assert recorded_day(wrong) is None


def test_the_cameras_of_an_event_are_its_readers_or_have_its_door_in_view():
    site = load_site(CONFIG)
    door = AlarmRaised("a", AlarmKind.FORCED_OPEN, Priority.HIGH, Source(door="chancery-door"), "", persists=True)
    assert set(cameras_of(site, door)) == {"cam-lobby", "cam-chancery", "cam-server"}
    watched = replace(site.cameras["cam-lobby"], doors=frozenset({"chancery-door"}))
    seeing = replace(site, cameras={**site.cameras, "cam-lobby": watched})
    assert cameras_of(seeing, door) == ("cam-lobby",)
    assert cameras_of(site, replace(door, source=Source())) == ()
