"""What causes what: looked at at the end of every turn, from what is so by then. No cause makes any door easier."""

from __future__ import annotations

from typing import assert_never

from controller.domain import events as ev
from controller.domain.alarms import Alarm
from controller.domain.causes import (
    Action,
    AlarmStands,
    AreaIs,
    Cause,
    CauseFires,
    DoorAction,
    DoorEffect,
    LockdownEffect,
    LockdownRuns,
    OutputEffect,
    PointIs,
    Reset,
    ThreatAtLeast,
)
from controller.domain.ids import CauseId, DoorId, OperatorId, OutputId, PointId
from controller.domain.operators import Refusal
from controller.domain.points import AUDIBLE, PointCondition
from controller.domain.site import Site
from controller.rules.alarm import LASTING
from controller.rules.lockdown import start_lockdown, withdraw
from controller.rules.mode_order import lock_held_door
from controller.rules.outputs import switch_off, switch_on
from controller.rules.relock import relock
from controller.rules.turn import Turn


def look_at_causes(turn: Turn) -> None:
    """Let every cause see what this turn brought, and what follows from that: the loader refuses circles."""
    if not turn.events or not (turn.site.causes or turn.state.causes):
        return
    for gone in sorted(turn.state.causes.keys() - turn.site.causes.keys()):
        _forget(turn, gone)
    for _ in range(len(turn.site.causes) + 1):
        so_far = len(turn.events)
        for cause in turn.site.causes.values():
            _look(turn, cause)
        if len(turn.events) == so_far:
            return


def cause_time_passed(turn: Turn) -> None:
    """Delays that are over fire; effects that are over are taken back."""
    for cause_id, state in sorted(turn.state.causes.items()):
        cause = turn.site.causes.get(cause_id)
        if cause is None or state.due is None or state.due > turn.now.mono:
            continue
        if state.fired:
            reset(turn, cause, None)
        else:
            _fire(turn, cause)


def may_reset(turn: Turn, cause: CauseId) -> Refusal | None:
    """Tell why an operator's reset is refused."""
    if cause not in turn.site.causes:
        return Refusal.UNKNOWN_CAUSE
    return None if turn.state.cause(cause).fired else Refusal.ALREADY_SO


def reset(turn: Turn, cause: Cause, operator: OperatorId | None) -> None:
    """Take back what a cause brought about. It fires again when what it waits for begins anew."""
    silent = turn.state.cause(cause.id).silent
    turn.record(ev.CauseReset(cause.id, operator, silent))
    match cause.then:
        case OutputEffect(output=output):
            switch_off(turn, output, _wanted_by(cause.id), silent=silent)
        case DoorEffect(door=door, action=DoorAction.BLOCKED):
            _unblock(turn, door, cause.id)
        case DoorEffect() | LockdownEffect():
            pass
        case _:
            assert_never(cause.then)


def author(cause: CauseId) -> OperatorId:
    """Return who ordered what a cause brought about. No operator's name holds a colon."""
    return OperatorId(f"cause:{cause}")


def _look(turn: Turn, cause: Cause) -> None:
    state, holds = turn.state.cause(cause.id), _holds(turn, cause)
    if holds is True and not state.holding:
        turn.record(ev.CauseBegan(cause.id, cause.delay_seconds, _silent(turn, cause)))
        if cause.delay_seconds <= 0.0 or state.fired:
            _fire(turn, cause)
    elif holds is False and state.holding:
        turn.record(ev.CauseEnded(cause.id, state.silent))
        if state.fired and cause.reset is Reset.CAUSE_ENDS:
            reset(turn, cause, None)
    if turn.state.cause(cause.id).fired and isinstance(cause.then, DoorEffect):
        _keep_blocked(turn, cause, cause.then)


def _fire(turn: Turn, cause: Cause) -> None:
    seconds = cause.reset_seconds if cause.reset is Reset.AFTER else None
    turn.record(ev.CauseFired(cause.id, seconds, turn.state.cause(cause.id).silent))
    match cause.then:
        case OutputEffect():
            _switch(turn, cause, cause.then)
        case DoorEffect(door=door, action=DoorAction.SECURED):
            relock(turn, door)
            turn.record(ev.DoorLockOrdered(door, author(cause.id)))
            withdraw(turn, door, Refusal.DOOR_LOCKED)
            lock_held_door(turn, author(cause.id), door)
        case DoorEffect():
            _keep_blocked(turn, cause, cause.then)
        case LockdownEffect():
            if turn.state.lockdown is None:
                start_lockdown(turn, author(cause.id), cause.name)
        case _:
            assert_never(cause.then)


def _switch(turn: Turn, cause: Cause, effect: OutputEffect) -> None:
    silent = turn.state.cause(cause.id).silent
    match effect.action:
        case Action.ON:
            switch_on(turn, effect.output, cause.reset_seconds, _wanted_by(cause.id), silent=silent)
        case Action.PULSE:
            switch_on(turn, effect.output, effect.seconds, _wanted_by(cause.id), silent=silent)
        case Action.OFF:
            for who in sorted(turn.state.output(effect.output).wanted):
                switch_off(turn, effect.output, who, silent=silent)
        case _:
            assert_never(effect.action)


def _keep_blocked(turn: Turn, cause: Cause, effect: DoorEffect) -> None:
    """A block that a cause wants stands until the cause is reset, whoever takes it off meanwhile."""
    blocks = effect.action is DoorAction.BLOCKED and effect.door in turn.site.doors
    if blocks and turn.state.door(effect.door).block is None:
        relock(turn, effect.door)
        turn.record(ev.DoorBlocked(effect.door, author(cause.id), cause.name))
        withdraw(turn, effect.door, Refusal.DOOR_BLOCKED)


def _unblock(turn: Turn, door: DoorId, cause: CauseId) -> None:
    """Take off its own block only: an operator's is not a cause's to lift."""
    block = turn.state.door(door).block
    if block is not None and block.operator == author(cause):
        turn.record(ev.DoorUnblocked(door, author(cause)))


def _forget(turn: Turn, cause: CauseId) -> None:
    """The policy no longer knows this cause: nothing it brought about outlives it."""
    silent = turn.state.cause(cause).silent
    for output in sorted(turn.state.outputs):
        switch_off(turn, output, _wanted_by(cause), silent=silent)
    for door in sorted(turn.state.doors):
        _unblock(turn, door, cause)
    turn.record(ev.CauseEnded(cause, silent))
    turn.record(ev.CauseReset(cause, None, silent))


def _holds(turn: Turn, cause: Cause) -> bool | None:
    """Tell whether what a cause waits for is so; None where nobody knows: then it is as it was."""
    state, when = turn.state, cause.when
    match when:
        case PointIs(point=point, condition=condition):
            known = state.point(point)
            if known is PointCondition.UNKNOWN or _walked(turn, point):
                return None
            return known is condition
        case AlarmStands():
            return any(_stands(turn.site, alarm, when, cause) for alarm in state.alarms.values())
        case AreaIs(area=area, mode=mode):
            return state.area(area).mode is mode
        case ThreatAtLeast(level=level):
            return state.threat_level >= level
        case LockdownRuns():
            return state.lockdown is not None
        case CauseFires(cause=other):
            return state.cause(other).fired
    assert_never(when)


def _silent(turn: Turn, cause: Cause) -> bool:
    """Tell whether all that brings a cause about is silent: then so is whatever it says of itself."""
    site, when = turn.site, cause.when
    match when:
        case PointIs(point=point):
            return point in site.points and site.points[point].silent
        case AlarmStands():
            alarms = [alarm for alarm in turn.state.alarms.values() if _stands(site, alarm, when, cause)]
            return bool(alarms) and all(alarm.silent for alarm in alarms)
        case CauseFires(cause=other):
            return turn.state.cause(other).silent
        case AreaIs() | ThreatAtLeast() | LockdownRuns():
            return False
    assert_never(when)


def _stands(site: Site, alarm: Alarm, when: AlarmStands, cause: Cause) -> bool:
    if (
        alarm.kind is not when.kind
        or alarm.maintenance
        or not (alarm.persists or (alarm.kind not in LASTING and alarm.acknowledged_by is None))
    ):
        return False
    reader = site.readers.get(alarm.source.reader) if alarm.source.reader else None
    door = alarm.source.door or (reader.door if reader else None)
    here = when.door in (None, door) and when.point in (None, alarm.source.point)
    return here and when.area in (None, alarm.source.area) and not _hushed(site, alarm, cause)


def _hushed(site: Site, alarm: Alarm, cause: Cause) -> bool:
    """A silent alarm sounds nothing: whoever forced somebody to it must not notice."""
    return alarm.silent and isinstance(cause.then, OutputEffect) and sounds(site, cause.then.output)


def sounds(site: Site, output: OutputId) -> bool:
    """Tell whether somebody near an output would notice it."""
    known = site.outputs.get(output)
    return known is not None and known.kind in AUDIBLE


def _walked(turn: Turn, point: PointId) -> bool:
    """Tell whether a walk test runs where this point is."""
    return any(
        point in area.points and turn.state.area(area.id).walk_until is not None for area in turn.site.areas.values()
    )


def _wanted_by(cause: CauseId) -> str:
    return f"cause {cause}"
