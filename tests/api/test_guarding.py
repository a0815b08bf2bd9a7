"""What guards every route: host, origin, token, size, headers, and one form of error."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from api.shield import BODY_BYTES, CSP, AnswerBrokenOffError, Shield
from tests.api.fakes import AUDITOR, GUARD, PASSWORD, browser, problem, sign_in

pytestmark = pytest.mark.anyio

PATHS = json.loads((Path(__file__).parents[2] / "console" / "openapi.json").read_text(encoding="utf-8"))["paths"]
THERE = {
    "alarm": "a-1", "area": "room", "camera": "cam-1", "cardholder": "p-1", "cause": "c1", "credential": "b-1",
    "door": "gate", "fire_zone": "building", "hold": "court-7", "level": "night", "point": "pir", "request": "r-1",
    "seq": "1", "visitor": "v-1",
}  # fmt: skip
WITHOUT_A_SESSION = {
    "/api/session",
    "/api/session/duress-password",
    "/api/health",
    "/api/health/live",
    "/api/health/ready",
}


def _paths(method: str) -> tuple[str, ...]:
    """Return every path of the API that has the method, with names in place of its parameters."""
    found = [path for path, methods in PATHS.items() if method in methods and path not in WITHOUT_A_SESSION]
    return tuple(re.sub(r"{(\w+)}", lambda name: THERE.get(name[1], "x-1"), path) for path in found)


READS = _paths("get")
ORDERS = _paths("post")
BODY = {"whom": "courier", "reason": "drill", "level": 2}
_FOR = {"purpose": "audit"}
FITTING = {
    **dict.fromkeys(("search", "export", "read", "history"), _FOR),
    "status": {"status": "lost", "reason": "drill"},
    "legal-holds": {"hold": "court-7", "reason": "drill"},
    "unlock": {"whom": "courier"},
    "threat-level": {"level": 2, "reason": "drill"},
    "mode": {"mode": "blocked", "until": "2026-11-23T18:00:00Z", "reason": "drill"},
    "release": {"mode": "blocked"},
    "walk-test": {"until": "2026-11-23T13:00:00Z"},
    "bypass": {"until": "2026-11-23T13:00:00Z", "reason": "drill"},
    "visits": {
        "name": "Vera",
        "host": "p-1",
        "valid_from": "2026-11-23T10:00:00Z",
        "valid_until": "2026-11-23T12:00:00Z",
    },
    "sign-in": {"credential": "pool-1-badge"},
    "sign-out": {"badge_returned": True},
}


def body_for(path: str) -> dict[str, object]:
    return FITTING.get(path.rsplit("/", 1)[1], {"reason": "drill"})


@pytest.mark.parametrize("path", READS)
async def test_nothing_is_shown_to_strangers(facade, path):
    async with browser(facade) as client:
        assert problem(await client.get(path)) == (401, "not_signed_in")


@pytest.mark.parametrize("path", ORDERS)
async def test_strangers_order_nothing(facade, path):
    async with browser(facade) as client:
        assert problem(await client.post(path, json=body_for(path))) == (401, "not_signed_in")
    assert facade.tape == []


@pytest.mark.parametrize("token", ["", "wrong", "\u00fc"])
@pytest.mark.parametrize("path", ORDERS)
async def test_an_order_without_the_sessions_token_is_no_order(facade, path, token):
    async with browser(facade) as client:
        headers = await sign_in(client)
        headers["X-CSRF-Token"] = token.encode("latin-1").decode("latin-1")
        facade.tape.clear()
        answer = await client.post(
            path, json=body_for(path), headers={k: v.encode("latin-1") for k, v in headers.items()}
        )
    assert problem(answer) == (403, "csrf_token_wrong")
    assert facade.tape == []


async def test_another_sessions_token_is_no_token(facade):
    async with browser(facade) as client:
        others = await sign_in(client, AUDITOR)
        await sign_in(client)
        assert problem(await client.post("/api/doors/gate/lock", headers=others)) == (403, "csrf_token_wrong")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:81"])
async def test_other_pages_order_nothing_not_even_a_sign_in(facade, origin):
    async with browser(facade) as client:
        headers = await sign_in(client) | {"Origin": origin}
        facade.tape.clear()
        assert problem(await client.post("/api/lockdown", json={"reason": "x"}, headers=headers)) == (
            403,
            "origin_not_allowed",
        )
        again = await client.post("/api/session", json={"operator": GUARD, "password": PASSWORD}, headers=headers)
        assert problem(again) == (403, "origin_not_allowed")
        assert problem(await client.delete("/api/session", headers=headers)) == (403, "origin_not_allowed")
    assert facade.tape == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "evil.example:127", "127.0.0.1:x"])
async def test_a_name_that_is_not_ours_is_not_answered(facade, host):
    async with browser(facade) as client:
        answer = await client.get("/api/health", headers={"Host": host})
    assert problem(answer) == (421, "host_not_allowed")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8443", "LOCALHOST", "[::1]", "[::1]:8443"])
async def test_our_own_names_are_answered_on_any_port(facade, host):
    async with browser(facade) as client:
        assert (await client.get("/api/health", headers={"Host": host})).json() == {"ok": True, "boot": "boot-1"}


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/me", "/nothing"])
async def test_every_answer_carries_the_strict_headers(facade, path):
    async with browser(facade) as client:
        headers = (await client.get(path)).headers
    assert headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "microphone=()" in headers["permissions-policy"]
    assert headers["cache-control"] == ("no-store" if path.startswith("/api") else "no-cache")


async def test_a_refused_host_gets_the_strict_headers_too(facade):
    async with browser(facade) as client:
        headers = (await client.get("/api/me", headers={"Host": "evil.example"})).headers
    assert headers["content-security-policy"] == CSP


@pytest.mark.parametrize(("size", "status"), [(BODY_BYTES, 422), (BODY_BYTES + 1, 413)])
async def test_a_body_is_read_up_to_its_bound(facade, size, status):
    async with browser(facade) as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/api/session", content=b" " * size, headers=headers)
    assert problem(answer)[0] == status


async def test_a_malformed_request_is_told_where_but_not_what(facade):
    async with browser(facade) as client:
        answer = await client.post("/api/session", json={"operator": GUARD, "password": ["hush"], "extra": "hush"})
    assert problem(answer) == (422, "invalid_request")
    assert "body.password" in answer.json()["detail"]
    assert "hush" not in answer.text


async def test_what_is_not_there_and_what_is_not_allowed_are_problems_too(facade):
    async with browser(facade) as client:
        assert problem(await client.get("/api/nothing")) == (404, "not_found")
        assert problem(await client.post("/api/view")) == (405, "method_not_allowed")


async def test_a_failure_inside_is_a_problem_that_gives_nothing_away(facade, capsys):
    async with browser(facade) as client:
        await sign_in(client)
        facade.moment = lambda: 1 / 0
        answer = await client.get("/api/view")
    assert problem(answer) == (500, "internal_error")
    assert "division" not in answer.text
    logged = capsys.readouterr().out
    assert "ZeroDivisionError" in logged
    assert "routes/building.py" in logged
    assert "division by zero" not in logged


async def test_an_answer_that_breaks_off_takes_its_cause_along_to_the_log_only(facade):
    async def half(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError(PASSWORD)

    scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": [(b"host", b"localhost")]}
    sent = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message["type"])

    with pytest.raises(AnswerBrokenOffError) as broken:
        await Shield(half, lambda: ["localhost"])(scope, receive, send)
    assert PASSWORD not in str(broken.value)
    assert sent == ["http.response.start"]


async def test_a_body_that_never_ends_is_not_waited_for(facade, monkeypatch):
    monkeypatch.setattr("api.shield.BODY_SECONDS", 0.05)

    async def trickle():
        yield b"{"
        await asyncio.sleep(60)

    async with browser(facade) as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/api/session", content=trickle(), headers=headers)
    assert problem(answer) == (408, "body_too_slow")


async def test_the_console_is_served_and_its_absence_explained(facade, tmp_path):
    (tmp_path / "index.html").write_text("<p>console")
    (tmp_path / "app.js").write_text("1")
    async with browser(facade, static=tmp_path) as client:
        assert (await client.get("/")).text == "<p>console"
        assert "javascript" in (await client.get("/app.js")).headers["content-type"]
        assert problem(await client.get("/api/me"))[0] == 401
        assert problem(await client.get("/../secrets")) == (404, "not_found")
    async with browser(facade) as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
