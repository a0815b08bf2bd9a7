"""What every request passes and every response carries: host and origin checks, bounded bodies, strict headers."""

from __future__ import annotations

import asyncio
import re
import time
import traceback
from collections.abc import Callable, Collection

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem, respond
from api.security import api_of, cookie_name, look_up

log = structlog.get_logger()

BODY_BYTES = 64 * 1024
PHOTO_BODY_BYTES = 4 * 1024 * 1024
TAKES_PHOTOS = re.compile(r"/api/faces/try|/api/people/[^/]+/(face|portrait)")
"""Where more may be sent, by whoever is signed in."""
BODY_SECONDS = 10.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "media-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types svelte-trusted-html",  # the one policy Svelte 5 makes its templates with
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": (  # a camera only for this page, where faces are enrolled
        "camera=(self), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains"


class AnswerBrokenOffError(Exception):
    """An answer failed after it had begun: the connection must go. It carries nothing of what was asked."""


Took = Callable[[str, int, float], None]
"""Hears of every answer: its method, its status, and how many seconds it took until its head was sent."""


def _no_matter(_method: str, _status: int, _seconds: float) -> None:
    """Count nothing."""


class Shield:
    """The outermost layer. ``hosts`` returns the names this box answers to, without ports and in small letters
    (against DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: Callable[[], Collection[str]], took: Took = _no_matter) -> None:
        self._app = app
        self._hosts = hosts
        self._took = took

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request, then pass it on."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, began = False, time.perf_counter()

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _harden(scope, message)
                self._took(scope["method"], message["status"], time.perf_counter() - began)
            await send(message)

        try:
            self._admit(scope)
            await self._app(scope, await _bounded(receive, _most(scope)), guarded)
        except Problem as problem:
            await respond(problem)(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 - the top of a request; neither values nor messages are logged
            frames = traceback.format_tb(error.__traceback__)
            log.error("a request failed", error=type(error).__name__, frames="".join(frames))  # noqa: TRY400
            if started:
                raise AnswerBrokenOffError from None
            await respond(Problem(500, "internal_error", "The box failed to answer; it was logged."))(
                scope, receive, guarded
            )

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._admit(scope)
        except Problem:
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        """Raise ``Problem`` for a request sent to another name, or from another page."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if _hostname(host) not in self._hosts():
            raise Problem(421, "host_not_allowed", "This box does not answer to that name.")
        if scope["type"] == "http" and (scope["method"] in SAFE_METHODS or origin is None):
            return
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        if origin is None or origin.lower() != f"{scheme}://{host}".lower():
            raise Problem(403, "origin_not_allowed", "Orders come from the console's own page alone.")


def _hostname(host: str) -> str:
    """Return a Host header without its port; IPv6 addresses keep their brackets."""
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host).lower()


def _harden(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Cache-Control"] = "no-store" if scope["path"].startswith("/api/") else "no-cache"
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = HSTS


def _most(scope: Scope) -> int:
    """Return how much may be sent: of photos more, and by nobody who is not signed in."""
    if scope["method"] != "POST" or TAKES_PHOTOS.fullmatch(scope["path"]) is None:
        return BODY_BYTES
    connection = HTTPConnection(scope)
    known = look_up(api_of(connection), connection.cookies.get(cookie_name(connection), ""))
    return BODY_BYTES if known is None else PHOTO_BODY_BYTES


async def _bounded(receive: Receive, most: int) -> Receive:
    """Read the whole body, up to its bound, and return a channel that hands it on. Raises ``Problem``."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > most:
                    raise Problem(413, "body_too_large", f"At most {most} bytes.", {"Connection": "close"})
                if not message.get("more_body", False):
                    break
    except TimeoutError as error:
        raise Problem(408, "body_too_slow", "The request took too long to arrive.", {"Connection": "close"}) from error
    whole: list[Message] = [{**message, "body": bytes(body)} if message["type"] == "http.request" else message]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay
