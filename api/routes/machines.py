"""For machines that watch the box: whether it lives, whether it may be relied on, and its numbers."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from api.metrics import exposition
from api.problems import Problem
from api.schemas import LiveOut, ReadyOut
from api.security import Context, Watching
from controller.domain.operators import Role

router = APIRouter(tags=["machines"])
metrics_router = APIRouter(tags=["machines"])

SEE_METRICS = frozenset({Role.SECURITY_OFFICER, Role.TECHNICIAN})


@router.get("/health/live")
async def live() -> LiveOut:
    """Say that the doors' loop runs. Needs no sign-in, and looks at nothing."""
    return LiveOut(live=True)


@router.get("/health/ready", responses={503: {"model": ReadyOut, "description": "It does not let people in"}})
async def ready(response: Response, api: Context) -> ReadyOut:
    """Say whether the box lets people in as its policy says: it has one, its log is durable, its clock is trusted.

    A box that is not ready still locks, raises alarms and lets everybody out. Needs no sign-in.
    """
    moment = api.facade.moment()
    answer = ReadyOut(
        ready=bool(moment.site.doors) and not moment.state.log_late and moment.state.clock_trusted,
        policy=bool(moment.site.doors),
        log=not moment.state.log_late,
        clock=moment.state.clock_trusted,
    )
    if not answer.ready:
        response.status_code = 503
    return answer


@metrics_router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(who: Watching, api: Context) -> Response:
    """Return the box's numbers for Prometheus: a token with ``read_metrics``, or a technician who is signed in."""
    if who.program is None and who.operator.role not in SEE_METRICS:
        raise Problem(403, "not_your_role", "Your role may not see the box's numbers.")
    return Response(exposition(api.facade, api.requests), media_type=CONTENT_TYPE_PLAIN_1_0_0)
