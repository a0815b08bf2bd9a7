"""Orders that count once, however often their answer is lost on the way: the ``Idempotency-Key`` header.

The same key with the same request gets the first answer again; with another request it is refused. What is refused, or
not understood, has changed nothing, and its key is free again. Keys belong to their operator and live for a day.

That an order with this key began is kept on the disk before it is given, as far as the disk is quick
(``keys.WAIT_SECONDS``); what saves lives waits for none. After a restart the answer is given again if it was kept; of
an order that was under way nobody knows whether it was carried out, and that is the answer: the log does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.problems import Problem
from api.security import api_of, entering
from controller.runtime.ports import KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = r"[!-~]{1,64}"
SERVER_FAULT = 500
URGENT = ("/lockdown", "/panic", "/lock", "/evacuation")
"""How the paths end of what waits for no disk."""
DESCRIBED = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "The order counts once: the same key and request get the first answer again, for a day.",
            "schema": {"type": "string", "pattern": f"^{KEY}$"},
            "example": "7b1f4c52-unlock-gate",
        }
    ]
}


class OnceRoute(APIRoute):
    """A route whose orders may carry a key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        if "POST" in (settings.get("methods") or ()):
            settings["openapi_extra"] = {**(settings.get("openapi_extra") or {}), **DESCRIBED}
        super().__init__(path, endpoint, **settings)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request: at once for one without a key."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None or request.method != "POST":
                return await handler(request)
            if re.fullmatch(KEY, key) is None:
                raise Problem(422, "invalid_request", f"{HEADER}: 1 to 64 visible ASCII characters.")
            return await _once(handler, request, key)

        return answered


async def _once(handler: Callable[[Request], Coroutine[Any, Any, Response]], request: Request, key: str) -> Response:
    api = api_of(request)
    who = await run_in_threadpool(entering, request, api)
    operator, print_ = who.operator.id, _fingerprint(request, await request.body())
    once = api.once
    found = await once.find(api, operator, key)
    if found is not None:
        return _again(found, print_)
    begun = KeptAnswer(print_, api.wall(), None, b"")
    await once.begin(api, operator, key, begun, urgent=request.url.path.endswith(URGENT))
    try:
        response = await handler(request)
    except Exception as error:
        if _changed_nothing(error):
            once.forget(api, operator, key)
        raise
    body = bytes(response.body)
    once.answer(api, operator, key, KeptAnswer(print_, begun.at, response.status_code, body))
    return response


def _again(found: KeptAnswer, fingerprint: str) -> Response:
    if found.fingerprint != fingerprint:
        raise Problem(422, "idempotency_key_reused", "This key was used for another request.")
    if found.status is None:
        said = "An order with this key was begun, and whether it was carried out is in the log alone."
        raise Problem(409, "outcome_unknown", said)
    return Response(found.body, found.status, {REPLAYED: "true"}, media_type="application/json")


def _changed_nothing(error: Exception) -> bool:
    """Tell whether an order was refused, or not understood, rather than broken off."""
    return isinstance(error, RequestValidationError) or (isinstance(error, Problem) and error.status < SERVER_FAULT)


def _fingerprint(request: Request, body: bytes) -> str:
    said = b"\0".join((request.method.encode(), request.url.path.encode(), body))
    return hashlib.sha256(said).hexdigest()
