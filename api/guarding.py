"""Areas, points, outputs and causes right now, in the API's words: pure functions of the state."""

from __future__ import annotations

from datetime import datetime, timedelta

from api.schemas_guarding import AreaOut, CauseOut, GuardingOut, OutputStateOut, PointStateOut
from controller.domain.instant import Instant
from controller.domain.points import AlarmOutput, IntrusionArea, not_ready
from controller.domain.site import Site
from controller.domain.state import SiteState


def guarding_of(site: Site, state: SiteState, now: Instant, *, silent: bool) -> GuardingOut:
    """Return everything that points guard. What was told to an output is never shown as done.

    ``silent``: for eyes that may see a silent panic button pressed; for others there is none.
    """
    return GuardingOut(
        areas=[_area(state, area, now) for area in site.areas.values()],
        points=[
            PointStateOut(
                id=point.id,
                name=point.name,
                kind=point.kind,
                zone=point.zone,
                condition=state.point(point.id),
                bypassed_until=_wall(now, state.bypasses.get(point.id)),
            )
            for point in site.points.values()
            if silent or not point.silent
        ],
        outputs=[_output(state, output, now, silent=silent) for output in site.outputs.values()],
        causes=[
            CauseOut(id=cause.id, name=cause.name, holding=how.holding, fired=how.fired)
            for cause in site.causes.values()
            if (how := state.causes.get(cause.id)) is not None and (silent or not how.silent)
        ],
    )


def _area(state: SiteState, area: IntrusionArea, now: Instant) -> AreaOut:
    known = state.area(area.id)
    return AreaOut(
        id=area.id,
        name=area.name,
        zones=sorted(area.zones),
        points=sorted(area.points),
        mode=known.mode,
        until=_wall(now, known.until),
        not_ready=list(not_ready(state.points, state.bypasses, area)),
        walk_test_until=_wall(now, known.walk_until),
        tested=sorted(known.tested),
    )


def _output(state: SiteState, output: AlarmOutput, now: Instant, *, silent: bool) -> OutputStateOut:
    """Tell of an output. What only a silent cause switched on is off for eyes that may not see that cause."""
    known = state.output(output.id)
    hushed = frozenset() if silent else known.hushed
    live = (who for who, until in known.wanted.items() if until is None or until > now.mono)
    wanted = sorted(who for who in live if who not in hushed)
    on = False if known.on and known.silent and not silent else known.on
    return OutputStateOut(
        id=output.id, name=output.name, kind=output.kind, on=on, ordered=bool(wanted), wanted_by=wanted
    )


def _wall(now: Instant, deadline: float | None) -> datetime | None:
    """Return a deadline on the wall clock."""
    return None if deadline is None else now.wall + timedelta(seconds=deadline - now.mono)
