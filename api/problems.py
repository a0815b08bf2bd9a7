"""Errors as RFC 9457 problem details. None of them repeats what was sent: it may be a password."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.schemas import NEW_PASSWORD_LENGTH, ProblemOut
from controller.domain.operators import Refusal
from controller.domain.passwords import Weakness, WeakPassword

MEDIA_TYPE = "application/problem+json"

REFUSED: Mapping[Refusal, tuple[int, str]] = {
    Refusal.UNKNOWN_OPERATOR: (401, "Your sign-in no longer counts. Sign in again."),
    Refusal.NOT_YOUR_ROLE: (403, "Your role may not order this."),
    Refusal.UNKNOWN_DOOR: (404, "There is no such door."),
    Refusal.UNKNOWN_ALARM: (404, "There is no such alarm; it may be closed already."),
    Refusal.UNKNOWN_STEP: (404, "Its procedure has no such step."),
    Refusal.CANNOT_BE_SHELVED: (409, "This one is never shelved: duress, panic, fire, tamper and all of priority 1."),
    Refusal.UNKNOWN_REQUEST: (404, "Nobody waits for a guard's look there, or no longer."),
    Refusal.UNKNOWN_CARDHOLDER: (404, "Nobody is known by that name here."),
    Refusal.UNKNOWN_CAMERA: (404, "There is no such camera."),
    Refusal.UNKNOWN_THREAT_LEVEL: (404, "There is no such threat level."),
    Refusal.LOCKDOWN: (409, "The building is in lockdown."),
    Refusal.DOOR_BLOCKED: (409, "The door is blocked. Unblock it first."),
    Refusal.THREAT_LEVEL: (409, "The threat level keeps this door locked."),
    Refusal.UNKNOWN_AREA: (404, "There is no such area."),
    Refusal.UNKNOWN_POINT: (404, "There is no such detector."),
    Refusal.UNKNOWN_CAUSE: (404, "There is no such rule of cause and effect."),
    Refusal.POINT_NOT_READY: (
        409,
        "A detector of the area is active, faulty or not heard of. Bypass it, or see to it first.",
    ),
    Refusal.CANNOT_BE_BYPASSED: (409, "This one is never bypassed: its alarm needs no arming."),
    Refusal.AREA_ARMED: (409, "The area is armed. Disarm it first."),
    Refusal.EXPIRY_NEEDED: (
        409,
        "Say until when: a bypass lasts a day at most, a shelf and maintenance eight hours, a walk test four.",
    ),
    Refusal.INTERLOCK: (409, "Another door of its interlock is not shut."),
    Refusal.NO_LOCKDOWN: (409, "There is no lockdown."),
    Refusal.ALREADY_SO: (409, "It is so already."),
    Refusal.SECOND_PERSON_NEEDED: (409, "A second, other person must say the same."),
    Refusal.CAUSE_PERSISTS: (409, "The cause of the alarm is still there."),
    Refusal.REASON_NEEDED: (409, "Say why."),
    Refusal.NOT_ACKNOWLEDGED: (409, "Acknowledge the alarm first."),
    Refusal.DOOR_LOCKED: (409, "The door was locked by an order."),
    Refusal.UNKNOWN_CREDENTIAL: (404, "There is no such badge."),
    Refusal.UNKNOWN_ACCESS_LEVEL: (404, "There is no such access level in the site file."),
    Refusal.UNKNOWN_LEGAL_HOLD: (404, "There is no such legal hold."),
    Refusal.ABOUT_YOURSELF: (409, "It is your own record: somebody else must do it."),
    Refusal.LEGAL_HOLD: (409, "A legal hold keeps this record. Two must lift it first."),
    Refusal.STILL_INSIDE: (409, "This person is inside. They must be seen to leave first."),
    Refusal.CASE_NEEDED: (409, "Give the number of the case: letters, digits, dots, slashes and dashes."),
    Refusal.UNKNOWN_FIRE_ZONE: (404, "There is no such fire zone."),
    Refusal.FIRE: (409, "Not while a fire alarm stands."),
    Refusal.FIRE_PANEL_NOT_RESET: (409, "The fire panel is not seen to be reset."),
    Refusal.MODE_NOT_ALLOWED: (409, "This door cannot be put into that mode."),
    Refusal.UNTIL_NOT_ALLOWED: (409, "That time is past, or too far away."),
    Refusal.CANNOT_BE_TURNED: (409, "This camera has no head that turns it."),
    Refusal.UNKNOWN_PRESET: (404, "This camera has no such preset."),
    Refusal.UNKNOWN_VISITOR: (404, "No visit is known by that name."),
    Refusal.VISIT_OVER: (409, "The visit's time is over, or ends before it begins."),
    Refusal.NOT_FOR_VISITORS: (409, "One of these access levels is not for visitors."),
    Refusal.BADGE_NOT_FREE: (409, "This badge is not one that may be handed out."),
    Refusal.NOT_YOUR_ZONE: (403, "Your orders do not count in that zone."),
    Refusal.NO_SUCH_OPERATOR: (404, "Nobody signs in by that name."),
    Refusal.UNKNOWN_ZONE: (404, "There is no such zone."),
    Refusal.NO_EVACUATION: (409, "No evacuation is under way."),
    Refusal.UNKNOWN_SAFE_POINT: (404, "There is no such safe point."),
    Refusal.UNKNOWN_READER: (404, "There is no such reader."),
    Refusal.UNKNOWN_DEVICE: (404, "There is no such device."),
    Refusal.UNKNOWN_COMPETENCY: (404, "There is no such competency in the site file, or no such clearance."),
    Refusal.READER_TAKEN: (409, "Somebody else enrols a badge at this reader just now."),
    Refusal.NO_BADGE_OFFERED: (409, "No new card was shown there in time. Begin again."),
    Refusal.NAME_NEEDED: (409, "Say who it is."),
    Refusal.NO_SUCH_TOKEN: (404, "There is no such token."),
    Refusal.NO_SUCH_WEBHOOK: (404, "There is no such webhook."),
    Refusal.TARGET_NOT_ALLOWED: (
        409,
        "The site file does not allow that target; its `[integrations]` does.",
    ),
    Refusal.FACE_ALIKE: (409, "Somebody enrolled already looks like this person. Compare them, and decide."),
    Refusal.NO_FACE: (409, "No face of this person is enrolled, or these photos made none."),
    Refusal.PORTRAITS_NOT_ALLOWED: (409, "The site file allows no portraits."),
    Refusal.NO_PORTRAIT: (404, "No portrait of this person is kept."),
    Refusal.NO_WATCH_LIST: (409, "The site file names no approved impact assessment for a watch list."),
    Refusal.NOTHING_TO_COMPARE: (409, "They wait for no guard's look, and no alarm about a face tells of them."),
    Refusal.NO_HANDOVER: (409, "No shift waits to be taken over."),
    Refusal.LOG_CANNOT_BE_WRITTEN: (409, "The log cannot be written, so nobody is let in."),
}
"""Status and sentence of each refusal."""


WEAK: Mapping[Weakness, str] = {
    Weakness.COMMON: (
        "This password is one of those that are tried first. Take several words that have nothing in common."
    ),
    Weakness.NAMED: (
        "This password is made of your name or the mission's. Take words that say nothing of you or of this place."
    ),
}
"""The sentence of each password that nobody may choose."""


class Problem(Exception):
    """An error for the caller: ``code`` for programs, ``detail`` for people."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers


def refused(refusal: Refusal) -> Problem:
    """Return the problem a refused order is answered with; its code is the refusal's own word."""
    status, detail = REFUSED[refusal]
    return Problem(status, refusal.value, detail)


def respond(problem: Problem) -> Response:
    """Return the response for a problem."""
    body = ProblemOut(
        type=f"urn:ostiary:problem:{problem.code}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
    )
    headers = dict(problem.headers or {})
    return Response(body.model_dump_json(), problem.status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> Response:
        return respond(error)

    @app.exception_handler(WeakPassword)
    async def weak(_: Request, error: WeakPassword) -> Response:
        return respond(Problem(422, error.why.value, WEAK[error.why]))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return respond(_invalid(error))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        code = status.phrase.lower().replace(" ", "_").replace("-", "_")
        return respond(Problem(status, code, f"{status.phrase}.", error.headers))


def _invalid(error: RequestValidationError) -> Problem:
    errors = error.errors()
    if any(e["loc"][-1:] == ("new_password",) for e in errors):
        return Problem(422, "weak_password", f"A password has at least {NEW_PASSWORD_LENGTH} characters.")
    places = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in errors)
    return Problem(422, "invalid_request", places)
