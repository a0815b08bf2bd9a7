"""A guard at a console: signs in over HTTP, watches the event stream, presses buttons. Sees only what a guard sees."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Self

import httpx
import pyotp

from simulators.screen import Screen

PASSWORD_BYTES = 24
BEAT_LOST_SECONDS = 5.0
RECONNECT_SECONDS = 0.5
ANSWER_SECONDS = 30.0
"""A password's hash takes its time on a busy machine."""


class GuardError(Exception):
    """The console refused an order or does not answer; the sentence names its code."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


class Guard(Screen):
    """One operator's browser. Use it as an async context manager; `watch` keeps the screen up to date while it runs.

    `ca`: the one authority it trusts (PEM).
    """

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None, *, ca: str | None = None) -> None:
        super().__init__()
        self._password = ""
        self._generator: pyotp.TOTP | None = None
        self._shown = -1
        trusts = ssl.create_default_context(cadata=ca) if ca is not None else True
        self._http = httpx.AsyncClient(
            base_url=url, timeout=ANSWER_SECONDS, trust_env=False, transport=transport, verify=trusts
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def sign_in(self, operator: str, one_time: str) -> None:
        """Sign in with a one-time password, choosing a new one that nobody else will ever know.

        Where the box asks for a second factor, the guard sets up a code generator, as on a telephone.
        """
        chosen = secrets.token_urlsafe(PASSWORD_BYTES)
        me = await self._post("/api/session", operator=operator, password=one_time, new_password=chosen)
        self._http.headers["X-CSRF-Token"] = str(me["csrf"])
        self._password = chosen
        if me.get("stage") == "enrol":
            made = await self._post("/api/account/totp")
            self._generator = pyotp.TOTP(str(made["secret"]))
            await self._post("/api/account/totp/confirm", code=self._generator.now())
            self._shown = self._generator.timecode(datetime.now(UTC))
            self._http.headers["X-CSRF-Token"] = str((await self.ask("me"))["csrf"])

    async def order(self, button: str, /, **said: object) -> str | None:
        """Press a button (`lockdown/end`, `alarms/a3/close`); return what the order still waits for, or None.

        Raises GuardError where it is refused.
        """
        try:
            answer = await self._post(f"/api/{button}", **said)
        except GuardError as refused:
            if not await self._said_again(refused):
                raise
            answer = await self._post(f"/api/{button}", **said)
        code = answer.get("code")
        return None if code is None else str(code)

    async def ask(self, page: str) -> dict[str, Any]:
        """Look something up that is not on the screen (`visits`). Raises GuardError where it is refused."""
        try:
            response = await self._http.get(f"/api/{page}")
        except httpx.HTTPError as error:
            raise GuardError(f"{page}: {error!r}") from error
        if response.is_error:
            raise GuardError(f"{page}: {response.status_code}")
        found: dict[str, Any] = response.json()
        return found

    async def fetch(self, button: str, /, **said: object) -> bytes:
        """Ask for a file (`recordings/c3/read`), and return it. Raises GuardError where it is refused."""
        try:
            return (await self._sent(f"/api/{button}", **said)).content
        except GuardError as refused:
            if not await self._said_again(refused):
                raise
            return (await self._sent(f"/api/{button}", **said)).content

    async def watch(self) -> None:
        """Follow the event stream until cancelled, through lost connections, and miss nothing."""
        last = ""
        while True:
            try:
                async with self._http.stream(
                    "GET", "/api/stream", timeout=BEAT_LOST_SECONDS, headers={"Last-Event-ID": last}
                ) as response:
                    async for name, ident, said in _messages(response):
                        last = ident or last
                        await self.show(name, said)
            except httpx.HTTPError:
                pass
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _said_again(self, refused: GuardError) -> bool:
        """Say again who one is, where that is what the console asks for."""
        if refused.code == "console_locked":
            await self._post("/api/session/unlock", password=self._password)
        elif refused.code == "step_up_needed":
            await self._post("/api/session/step-up", **await self._proof())
        else:
            return False
        return True

    async def _proof(self) -> dict[str, str]:
        """Return a code that was not shown yet, or the password of whoever has no code generator."""
        if self._generator is None:
            return {"password": self._password}
        used = self._shown - self._generator.timecode(datetime.now(UTC)) + 1  # how many half minutes until the next one
        await asyncio.sleep(max(0, used) * self._generator.interval)
        self._shown = self._generator.timecode(datetime.now(UTC))
        return {"code": self._generator.generate_otp(self._shown)}

    async def _post(self, path: str, /, **said: object) -> dict[str, object]:
        response = await self._sent(path, **said)
        told: dict[str, object] = response.json() if response.content else {}
        return told

    async def _sent(self, path: str, /, **said: object) -> httpx.Response:
        try:
            response = await self._http.post(path, json=said)
        except httpx.HTTPError as error:
            raise GuardError(f"{path}: {error!r}") from error
        if response.is_error:
            code = str(response.json().get("code", "")) if response.content else ""
            raise GuardError(f"{path}: {response.status_code} {code}", code)
        return response


async def _messages(response: httpx.Response) -> AsyncIterator[tuple[str, str, Mapping[str, object]]]:
    """Yield each server-sent event: its name, its id or an empty one, its JSON."""
    response.raise_for_status()
    name = ident = ""
    async for line in response.aiter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name, ident = value, ""
        elif field == "id":
            ident = value
        elif field == "data":
            yield name, ident, json.loads(value)
