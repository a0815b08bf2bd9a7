"""Operators as colleagues: who may sign in, whose shift it is, and what waits for a second person."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from api.pending import order_of
from api.problems import Problem, refused
from api.routes.orders import give
from api.schemas import NAME_LENGTH, OrderedOut, ReasonIn
from api.schemas_operators import (
    AgreedOut,
    AgreeIn,
    AppointIn,
    HandOverIn,
    OperatorOut,
    OperatorsOut,
)
from api.security import Api, Context, Fresh, Ordering, Watching
from api.signing import second_person
from controller.domain.ids import OperatorId, ZoneId
from controller.domain.operator_orders import (
    AcceptHandOver,
    AppointOperator,
    HandOver,
    ResetOperator,
    WithdrawOperator,
)
from controller.domain.operators import Order, Role

router = APIRouter(tags=["operators"])

Id = Annotated[str, Path(max_length=NAME_LENGTH)]
SEE_COLLEAGUES = frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER, Role.AUDITOR})


@router.get("/operators")
async def operators(who: Watching, api: Context) -> OperatorsOut:
    """Return everybody who may sign in."""
    if who.operator.role not in SEE_COLLEAGUES:
        raise Problem(403, "not_your_role", "Your role may not see who may sign in.")
    state = api.facade.moment().state
    known = sorted((one for one in state.operators.values() if one.id not in state.programs), key=lambda one: one.id)
    return OperatorsOut(
        operators=[
            OperatorOut(operator=one.id, role=one.role, zones=None if one.zones is None else sorted(one.zones))
            for one in known
        ]
    )


@router.post("/operators", status_code=202)
async def appoint(asked: AppointIn, who: Fresh, api: Context) -> OrderedOut:
    """Let somebody sign in, or give somebody another role, once a second person agrees."""
    zones = None if asked.zones is None else frozenset(map(ZoneId, asked.zones))
    await give(api, who, AppointOperator(OperatorId(asked.operator), asked.role, zones, asked.reason))
    return OrderedOut(ordered=True, code="second_person_needed")


@router.post("/operators/{operator}/reset", status_code=202)
async def reset(operator: Id, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Let somebody who lost what proves who they are begin anew, once a second person agrees."""
    await give(api, who, ResetOperator(OperatorId(operator), asked.reason))
    return OrderedOut(ordered=True, code="second_person_needed")


@router.post("/operators/{operator}/withdraw", status_code=202)
async def withdraw(operator: Id, asked: ReasonIn, who: Fresh, api: Context) -> OrderedOut:
    """Let somebody sign in no longer. Their streams end within a second."""
    answer = await give(api, who, WithdrawOperator(OperatorId(operator), asked.reason))
    api.sessions.close_all(OperatorId(operator))
    await api.facade.forget_operator(OperatorId(operator))
    return answer


@router.post("/pending/agree")
async def agree(asked: AgreeIn, who: Fresh, request: Request, api: Context) -> AgreedOut:
    """Agree, as the second person, to what waits for one: at one's own console, or at the first one's."""
    order = order_of(api.facade.moment().state, asked.order, asked.subject)
    if order is None:
        raise Problem(404, "nothing_waits", "Nothing of that kind waits for a second person, or no longer.")
    operator = who.operator if asked.second is None else await second_person(api, asked.second, request)
    refusal = await api.facade.order(operator.id, order)
    if refusal is not None:
        raise refused(refusal)
    if order_of(api.facade.moment().state, asked.order, asked.subject) is not None:
        raise Problem(409, "asked_anew", "The first person may no longer ask for it: a second one must agree to yours.")
    return AgreedOut(ordered=True, one_time_password=await _begin(api, order))


@router.post("/shift/hand-over", status_code=202)
async def hand_over(asked: HandOverIn, who: Ordering, api: Context) -> OrderedOut:
    """Hand the shift over: what is open now is kept for whoever takes it."""
    return await give(api, who, HandOver(asked.note))


@router.post("/shift/accept", status_code=202)
async def accept(who: Ordering, api: Context) -> OrderedOut:
    """Take the shift over."""
    return await give(api, who, AcceptHandOver())


async def _begin(api: Api, order: Order) -> str | None:
    """Make the one-time password of whoever begins. Who only got another role keeps what they have."""
    match order:
        case ResetOperator(reset=operator):
            api.sessions.close_all(operator)
            return await api.facade.issue_password(operator)
        case AppointOperator(appointed=operator):
            return await api.facade.first_password(operator)
        case _:
            return None
