"""The simulated guard against a console that answers as the API does."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pyotp
import pytest

from simulators import guard as guard_module
from simulators.guard import Guard, GuardError
from simulators.screen import Screen

pytestmark = pytest.mark.anyio

VIEW = {"seq": 7, "doors": [], "alarms": [], "devices": [], "cameras": [], "lockdown": None, "inside": 3}


@pytest.fixture
def anyio_backend():
    return "asyncio"


def event(seq, kind, **facts):
    nothing = {"door": None, "reader": None, "camera": None, "device": None, "who": None}
    return {"seq": seq, "kind": kind, **nothing, "reasons": [], "detail": {}, "time": "unused", **facts}


def alarm(ident, kind, **facts):
    nothing = {"door": None, "reader": None, "device": None}
    return {"id": ident, "kind": kind, **nothing, "persists": True, "acknowledged_by": None, **facts}


def message(name, said, ident=None):
    return f"event: {name}\n" + (f"id: {ident}\n" if ident else "") + f"data: {json.dumps(said)}\n\n"


class Console(httpx.AsyncBaseTransport):
    """Answers sign-in and orders, and streams what it is given: one text for each connection."""

    def __init__(self, streams=()):
        self.asked = []
        self._streams = list(streams)

    async def handle_async_request(self, request):
        said = json.loads(request.content) if request.content else {}
        self.asked.append((request.url.path, said, dict(request.headers)))
        match request.url.path:
            case "/api/session":
                return httpx.Response(200, json={"operator": said["operator"], "csrf": "token-1"})
            case "/api/stream" if self._streams:
                return httpx.Response(200, text=self._streams.pop(0))
            case "/api/stream":
                raise httpx.ConnectError("gone")
            case "/api/lockdown/end":
                return httpx.Response(202, json={"ordered": True, "code": "second_person_needed"})
            case "/api/recordings/c1/read":
                return httpx.Response(200, content=b"a film")
            case "/api/lockdown":
                return httpx.Response(409, json={"code": "already_so"})
            case "/api/unplugged":
                raise httpx.ConnectError("gone")
        return httpx.Response(202, json={"ordered": True, "code": None})


async def test_signing_in_replaces_the_one_time_password_and_orders_carry_the_sessions_token():
    console = Console()
    async with Guard("http://box", console) as guard:
        await guard.sign_in("post-1", "one-time")
        assert await guard.order("alarms/a1/close", reason="seen to") is None
    (_, signed, _), (path, said, headers) = console.asked
    assert (signed["operator"], signed["password"]) == ("post-1", "one-time")
    assert len(signed["new_password"]) >= 12
    assert signed["new_password"] != "one-time"
    assert (path, said, headers["x-csrf-token"]) == ("/api/alarms/a1/close", {"reason": "seen to"}, "token-1")


class Careful(Console):
    """A console that wants a second factor, sees no code twice, and has each order proven once more."""

    def __init__(self):
        super().__init__()
        self.generator = pyotp.TOTP(pyotp.random_base32())
        self.used, self.proven = -1, False

    async def handle_async_request(self, request):
        said = json.loads(request.content) if request.content else {}
        match request.url.path:
            case "/api/session":
                return httpx.Response(200, json={"csrf": "token-1", "stage": "enrol"})
            case "/api/account/totp":
                return httpx.Response(200, json={"secret": self.generator.secret})
            case "/api/account/totp/confirm":
                return self.judged(said["code"])
            case "/api/me":
                return httpx.Response(200, json={"csrf": "token-2"})
            case "/api/session/step-up":
                answer = self.judged(said["code"])
                self.proven = answer.is_success
                return answer
        if not self.proven:
            return httpx.Response(403, json={"code": "step_up_needed"})
        self.proven = False
        return await super().handle_async_request(request)

    def judged(self, code):
        now = self.generator.timecode(datetime.now(UTC))
        step = next((n for n in range(now, now + 3) if self.generator.generate_otp(n) == code), None)
        if step is None or step <= self.used:
            return httpx.Response(403, json={"code": "code_wrong"})
        self.used = step
        return httpx.Response(204)


async def test_a_second_factor_is_set_up_and_each_further_code_is_a_later_one(monkeypatch):
    slept = []

    class Clock:
        """The time of day, and what was slept."""

        @staticmethod
        def now(zone):
            return datetime.now(zone) + timedelta(seconds=sum(slept))

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(guard_module, "datetime", Clock)
    monkeypatch.setattr(guard_module, "asyncio", SimpleNamespace(sleep=sleep))
    async with Guard("https://box", console := Careful()) as guard:
        await guard.sign_in("post-1", "one-time")
        first = console.used
        assert await guard.order("threat-level", level=0) is None
        assert console.used > first
        assert await guard.order("threat-level", level=0) is None
        assert console.used >= first + 2
    assert console.asked[-1][2]["x-csrf-token"] == "token-2"
    assert sum(slept) >= 30


async def test_what_an_order_still_waits_for_is_told():
    async with Guard("http://box", Console()) as guard:
        assert await guard.order("lockdown/end") == "second_person_needed"


async def test_a_file_is_fetched_as_it_is():
    async with Guard("http://box", Console()) as guard:
        assert await guard.fetch("recordings/c1/read", purpose="audit") == b"a film"
        with pytest.raises(GuardError, match="409 already_so"):
            await guard.fetch("lockdown")


@pytest.mark.parametrize(("button", "why"), [("lockdown", "409 already_so"), ("unplugged", "gone")])
async def test_a_refused_order_and_a_dead_console_are_both_errors_that_say_why(button, why):
    async with Guard("http://box", Console()) as guard:
        with pytest.raises(GuardError, match=why):
            await guard.order(button)


async def test_the_stream_fills_the_screen_and_goes_on_after_a_lost_connection_where_it_stopped():
    first = message("hello", {}) + message("view", VIEW) + message("event", event(8, "access_granted"), "boot:8")
    console = Console([first, message("beat", {}) + message("event", event(9, "access_denied"), "boot:9")])
    async with Guard("http://box", console) as guard:
        watching = asyncio.create_task(guard.watch())
        assert await guard.until(lambda g: g.record("access_denied", since=0), within=10)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert [record.seq for record in guard.records] == [8, 9]
    assert guard.view.seq == 7
    assert guard.seq == 9
    assert [headers["last-event-id"] for _, _, headers in console.asked[:2]] == ["", "boot:8"]


async def test_the_screen_finds_events_by_kind_place_and_person_and_only_later_ones():
    screen = Screen()
    await screen.show("event", event(3, "entry_observed", door="lobby-door", who={"id": "p-1", "name": "A"}))
    await screen.show("event", event(4, "entry_observed", door="lobby-door", who={"id": "p-2", "name": "B"}))
    assert screen.record("entry_observed", 0, door="lobby-door", person="p-2").seq == 4
    assert screen.record("entry_observed", 3, person="p-1") is None
    assert screen.record("entry_observed", 0, door="main-gate") is None
    assert len(screen.all_records("entry_observed", 0)) == 2


async def test_the_screen_finds_raised_alarms_by_kind_and_open_ones_by_place_the_newest_first():
    screen = Screen()
    await screen.show("event", event(3, "alarm_raised", door="fire-exit", detail={"kind": "forced_open"}))
    assert screen.raised("forced_open", 2, door="fire-exit").seq == 3
    assert screen.raised("held_open", 2, door="fire-exit") is None
    assert screen.raised("forced_open", 3, door="fire-exit") is None
    alarms = [alarm("a9", "tamper", device="r-1"), alarm("a10", "tamper", device="r-1"), alarm("a11", "tamper")]
    await screen.show("view", {**VIEW, "alarms": alarms, "devices": [{"id": "r-1", "online": True}]})
    assert screen.view.alarm("tamper", device="r-1").id == "a10"
    assert screen.view.alarm("fault", device="r-1") is None
    assert screen.view.online("r-1")
    assert not screen.view.online("r-2")


async def test_a_wait_that_runs_out_is_none():
    assert await Screen().until(lambda s: s.record("any", 0), within=0.01) is None
