import asyncio

import pytest

from api import stream
from api.sessions import ABSOLUTE_SECONDS
from controller.domain.events import DeviceWentOffline, LogWasLate
from controller.domain.ids import DeviceId
from controller.domain.operators import Operator, Role
from tests.api.consoles import listening, served
from tests.api.fakes import GATE, GUARD, FakeFacade

pytestmark = pytest.mark.anyio
SOMETHING = DeviceWentOffline(DeviceId("lock-gate"), "silence")


async def test_a_stream_says_hello_then_shows_the_building(facade):
    facade.record(SOMETHING)
    async with served(facade) as client, listening(client) as console:
        hello, view = await console.next(), await console.next()
    assert (hello.name, hello.data["boot"], hello.data["seq"]) == ("hello", "boot-1", 1)
    assert (view.name, view.data["seq"]) == ("view", 1)
    assert view.data["doors"][0] | {"id": GATE, "status": "offline"} == view.data["doors"][0]


async def test_a_stream_is_one_and_is_never_stored(facade):
    async with served(facade) as client, client.stream("GET", "/api/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"


async def test_a_record_comes_with_its_number_and_a_view_that_has_it(facade):
    async with served(facade) as client, listening(client) as console:
        await console.until("view")
        facade.record(SOMETHING)
        event = await console.until("event")
        view = await console.until("view")
    assert (event.data["kind"], event.data["device"], event.ident) == ("device_went_offline", "lock-gate", "boot-1:1")
    assert view.data["seq"] == 1


async def test_a_beat_tells_that_the_link_is_alive(facade):
    async with served(facade) as client, listening(client) as console:
        assert (await console.until("beat")).data == {"time": "2026-11-21T12:00:00Z"}
        assert (await console.until("beat")).data == {"time": "2026-11-21T12:00:00Z"}


async def test_no_record_is_lost_or_doubled_while_a_console_arrives(facade):
    async def busy_morning():
        for _ in range(300):
            facade.record(SOMETHING)
            await asyncio.sleep(0)

    async with served(facade) as client, asyncio.TaskGroup() as tasks:
        tasks.create_task(busy_morning())
        await asyncio.sleep(0)
        async with listening(client) as console:
            hello = await console.until("hello")
            page = (await client.get("/api/events", params={"limit": 500})).json()
            await console.until("view", seq=300)
            while len(console.seqs()) < 300 - hello.data["seq"]:
                await console.next()
    assert console.seqs() == list(range(hello.data["seq"] + 1, 301))
    assert {e["seq"] for e in page["events"]} | set(console.seqs()) == set(range(1, 301))


async def test_a_record_between_subscription_and_snapshot_is_not_doubled(facade, monkeypatch):
    def watch_while_something_happens():
        watch = FakeFacade.watch(facade)
        facade.record(SOMETHING)
        return watch

    monkeypatch.setattr(facade, "watch", watch_while_something_happens)
    async with served(facade) as client, listening(client) as console:
        assert (await console.until("hello")).data["seq"] == 1
        facade.record(SOMETHING)
        await console.until("event", seq=2)
        await console.until("beat")
    assert console.seqs() == [2]


async def test_what_was_folded_but_not_yet_durable_comes_once_it_is(facade):
    for _ in range(5):
        facade.record(SOMETHING)
    facade.durable = 3
    async with served(facade) as client, listening(client) as console:
        await console.until("beat")
        page = (await client.get("/api/events")).json()
        assert [e["seq"] for e in page["events"]] == [3, 2, 1]
        facade.record(LogWasLate("slow disk"))
        newest = await console.until("event", seq=6)
        facade.durable = None
        last = await console.until("event", seq=5)
    assert console.seqs() == [6, 4, 5]
    assert (newest.ident, last.ident) == ("boot-1:3", "boot-1:6")  # resuming there would lose nothing


async def test_a_console_that_comes_back_gets_what_it_missed(facade):
    for _ in range(6):
        facade.record(SOMETHING)
    async with served(facade) as client, listening(client, "boot-1:2") as console:
        await console.until("event", seq=6)
        facade.record(SOMETHING)
        await console.until("event", seq=7)
    assert console.seqs() == [3, 4, 5, 6, 7]
    assert "resync" not in [said.name for said in console.heard]


@pytest.mark.parametrize(
    ("last", "why"),
    [("boot-0:5", "restarted"), ("boot-1:6", "restarted"), ("boot-1:1", "too_far_behind")],
)
async def test_a_console_that_cannot_go_on_is_told_to_start_over(facade, monkeypatch, last, why):
    monkeypatch.setattr(stream, "RESEND_LIMIT", 3)
    for _ in range(5):
        facade.record(SOMETHING)
    async with served(facade) as client, listening(client, last) as console:
        assert (await console.next()).name == "hello"
        assert (await console.next()).data == {"why": why}
        assert (await console.next()).name == "view"
        facade.record(SOMETHING)
        await console.until("event")
    assert console.seqs() == [6]


async def test_an_id_that_is_not_ours_is_no_id(facade):
    facade.record(SOMETHING)
    async with served(facade) as client, listening(client, "nonsense") as console:
        assert [(await console.next()).name, (await console.next()).name] == ["hello", "view"]


async def test_a_console_too_slow_for_the_building_is_told_so_and_goes_on(facade):
    facade.room = 3
    async with served(facade) as client, listening(client) as console:
        await console.until("view")
        for _ in range(10):
            facade.record(SOMETHING)
        assert (await console.until("resync")).data == {"why": "lagged"}
        await console.until("view", seq=10)
        facade.record(SOMETHING)
        await console.until("event", seq=11)
    assert len(console.seqs()) == len(set(console.seqs()))
    assert len(facade.watches) <= 1


async def test_a_burst_becomes_few_views_and_every_record(facade):
    async with served(facade) as client, listening(client) as console:
        await console.until("view")
        for _ in range(200):
            facade.record(SOMETHING)
        await console.until("view", seq=200)
        while len(console.seqs()) < 200:
            await console.next()
    views = [said for said in console.heard if said.name == "view"]
    assert len(views) < 50


async def ended(console) -> tuple[str, int]:
    """Wait for the end; return why, and how many beats came before."""
    before = len(console.heard)
    why = (await console.until("signed_out")).data["why"]
    with pytest.raises(StopAsyncIteration):
        await console.next()
    return why, sum(said.name == "beat" for said in console.heard[before:])


async def test_a_withdrawn_right_closes_the_stream_within_a_beat(facade):
    async with served(facade) as client, listening(client) as console:
        await console.until("beat")
        del facade.operators[GUARD]
        why, beats = await ended(console)
    assert why == "right_withdrawn"
    assert beats <= 1


async def test_a_changed_role_closes_the_stream(facade):
    async with served(facade) as client, listening(client) as console:
        await console.until("view")
        facade.operators[GUARD] = Operator(GUARD, Role.AUDITOR)
        assert (await ended(console))[0] == "right_withdrawn"


async def test_signing_out_closes_the_stream(facade):
    async with served(facade) as client, listening(client) as console:
        await console.until("view")
        csrf = (await client.get("/api/me")).json()["csrf"]
        await client.delete("/api/session", headers={"X-CSRF-Token": csrf})
        assert (await ended(console))[0] == "session_ended"


async def test_the_end_of_the_shift_closes_the_stream_but_idleness_does_not(facade):
    async with served(facade) as client, listening(client) as console:
        await console.until("beat")
        facade.clock += 1000
        await console.until("beat")
        facade.clock += 1000
        await console.until("beat")
        facade.clock += ABSOLUTE_SECONDS
        assert (await ended(console))[0] == "session_ended"


async def test_a_console_that_leaves_leaves_nothing_behind(facade):
    async with served(facade) as client:
        async with listening(client) as console:
            await console.until("view")
            assert len(facade.watches) == 1
        await asyncio.wait_for(facade.nobody_watches.wait(), 20)


async def test_a_console_that_stops_reading_is_let_go(facade, monkeypatch):
    monkeypatch.setattr(stream, "SLOW_CLIENT_SECONDS", 0.05)
    sent = asyncio.Event()

    async def send(message):
        if message.get("more_body"):
            await asyncio.sleep(60)
        sent.set()

    async def receive():
        await asyncio.sleep(60)

    class Endless:
        async def run(self, emit):
            await emit(b"data")

    await stream.EventStream(Endless())({}, receive, send)
    assert sent.is_set()
