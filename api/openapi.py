"""Prints the OpenAPI document the console's types come from: ``python -m api.openapi > console/openapi.json``."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import models_json_schema

from api.app import routed
from api.programs import OPENS
from api.schemas import BeatOut, EventOut, HelloOut, LiveIn, ProblemOut, ResyncOut, SignedOutOut, ViewOut

SCHEMAS = "#/components/schemas/"
OPEN = ("/api/health", "/api/session")
"""Needs no sign-in, or is one."""
ALWAYS = {"421": "The box does not answer to that name", "429": "Too often: wait as long as ``Retry-After`` says"}
SECOND = {"401": "Nobody is signed in, or the token does not count", "403": "This role, or this token, may not"}
ORDERED = {
    **SECOND,
    "409": "Refused: ``code`` is the rule's own word for why",
    "423": "Nobody has been at this console for a while",
}
UNKNOWN = {"404": "There is no such thing"}
MALFORMED = {"413": "The body is too large", "422": "What was sent is not what is asked for"}
EXAMPLES = {
    "401": ("token_not_valid", "This token is not known, was revoked, or has expired."),
    "403": ("scope_needed", "This token lacks the scope order_doors."),
    "404": ("unknown_door", "There is no such door."),
    "409": ("door_blocked", "The door is blocked. Unblock it first."),
    "422": ("invalid_request", "body.reason: Field required"),
    "423": ("console_locked", "Nobody has been at this console for a while. Say who you are."),
    "429": ("too_many_requests", "Too many requests; wait a little."),
}
SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-ostiary_session"},
    "token": {"type": "http", "scheme": "bearer", "description": "`POST /api/tokens`; see docs/api.md"},
}
STREAMED = (HelloOut, ViewOut, EventOut, BeatOut, ResyncOut, SignedOutOut)


def document() -> str:
    """Return the document as JSON, the same bytes for the same models."""
    spec = routed().openapi()
    schemas: dict[str, Any] = spec["components"]["schemas"]
    for models, mode in (((*STREAMED, ProblemOut), "serialization"), ((LiveIn,), "validation")):
        wanted = [(model, mode) for model in models]
        _, extra = models_json_schema(wanted, ref_template=SCHEMAS + "{model}")  # type: ignore[arg-type]
        schemas.update(extra["$defs"])
    schemas["StreamMessage"] = {"anyOf": [{"$ref": SCHEMAS + model.__name__} for model in STREAMED]}
    for path, operations in spec["paths"].items():
        for verb, operation in operations.items():
            _answer_with_problems(path, verb, operation)
    spec["components"]["securitySchemes"] = SECURITY
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _answer_with_problems(path: str, verb: str, operation: dict[str, Any]) -> None:
    """Name what goes wrong with each route, and what every error looks like."""
    responses, taken = operation["responses"], operation.get("parameters", []) or "requestBody" in operation
    responses.pop("422", None)
    asked = SECOND if verb in ("get", "head") else ORDERED
    expected = {**(asked if not path.startswith(OPEN) else {}), **(UNKNOWN if "{" in path else {})}
    for status, said in {**expected, **(MALFORMED if taken else {}), **ALWAYS}.items():
        responses.setdefault(status, _problem(status, said))
    responses["default"] = _problem(None, "Another error")
    scope = next((one for one, opened in OPENS.items() if (verb.upper(), path) in opened), None)
    if not path.startswith(OPEN):
        operation["security"] = [{"session": []}, *([{"token": [scope.value]}] if scope is not None else [])]


def _problem(status: str | None, said: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": SCHEMAS + "ProblemOut"}}
    if status in EXAMPLES:
        code, detail = EXAMPLES[status]
        phrase = HTTPStatus(int(status)).phrase
        type_ = f"urn:ostiary:problem:{code}"
        content["example"] = {"type": type_, "title": phrase, "status": int(status), "detail": detail, "code": code}
    return {"description": said, "content": {"application/problem+json": content}}


if __name__ == "__main__":
    sys.stdout.write(document())
