"""A policy comes into force: what the old one let happen ends, and what it knew of is forgotten."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import Alarm, AlarmKind, in_order
from controller.domain.decision import DenyReason
from controller.domain.doors import Loop
from controller.domain.effects import Relock, SetOutput
from controller.domain.ids import DoorId, OperatorId
from controller.domain.operators import Refusal, Role, one_person
from controller.domain.site import Site
from controller.domain.state import SiteState
from controller.domain.stimuli import PolicyApproved
from controller.rules.access import abandon_challenge
from controller.rules.relock import relock
from controller.rules.turn import Turn

ACTIVATORS = frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER})
"""Who may bring a policy into force, two of them, one a security officer."""


def policy_approved(turn: Turn, approved: PolicyApproved) -> None:
    """Bring a policy into force while the building works; ``turn.site`` is the new one.

    Whoever is being asked for a further factor begins anew, under the rules that hold now. Standing orders stay.
    """
    refusal = refused(turn.state, approved)
    if refusal is not None:
        turn.record(ev.OrderRefused(approved.operator, "activate_policy", approved.site_digest, refusal))
        return
    for reader in sorted(turn.state.challenges):
        abandon_challenge(turn, reader, DenyReason.FACTOR_NOT_PRESENTED)
    _part_from_what_is_gone(turn)
    for door in sorted(turn.state.doors):
        _withdraw(turn, door)
    for door in turn.site.doors:
        if door not in turn.state.doors:
            relock(turn, door)
    turn.record(
        activation(turn, approved.site_digest, approved.site_toml, operator=approved.operator, second=approved.second)
    )
    end_what_is_gone(turn)


def refused(state: SiteState, approved: PolicyApproved) -> Refusal | None:
    """Tell why two operators may not bring a policy into force; None where they may."""
    roles = [known.role for who in (approved.operator, approved.second) if (known := state.operators.get(who))]
    if len(roles) < 2:
        return Refusal.UNKNOWN_OPERATOR
    if one_person(state.operators, approved.operator, approved.second):
        return Refusal.SECOND_PERSON_NEEDED
    if not ACTIVATORS.issuperset(roles) or Role.SECURITY_OFFICER not in roles:
        return Refusal.NOT_YOUR_ROLE
    if state.fires:  # whatever is released stays so until the fire is confirmed to be over
        return Refusal.FIRE
    return Refusal.ALREADY_SO if state.site_digest == approved.site_digest else None


def activation(
    turn: Turn, digest: str, toml: str, *, operator: OperatorId | None = None, second: OperatorId | None = None
) -> ev.SiteActivated:
    """Return the fact that the turn's site is in force, with everything the state still knows and the site does not."""
    site, state = turn.site, turn.state
    zones = {zone for zone in state.locations.values() if zone is not None}
    return ev.SiteActivated(
        digest,
        toml,
        operator,
        second,
        zones_gone=tuple(sorted(zones - site.zones.keys())),
        doors_gone=tuple(sorted(set(state.doors) - site.doors.keys())),
        readers_gone=tuple(sorted({*state.challenges, *state.unknown_cards} - site.readers.keys())),
        devices_gone=tuple(sorted({*state.devices, *state.heard, *state.nameplates} - site.devices.keys())),
        cameras_gone=tuple(sorted(set(state.cameras) - site.cameras.keys())),
        points_gone=tuple(sorted(set(state.points) - site.points.keys())),
        outputs_gone=tuple(sorted(set(state.outputs) - site.outputs.keys())),
        fire_zones_gone=tuple(sorted(set(state.fires) - site.fire_zones.keys())),
    )


def end_what_is_gone(turn: Turn) -> None:
    """End the alarms whose place or device the site no longer has: nothing else ever will."""
    for alarm in in_order(turn.state.alarms.values()):
        if alarm.persists and not _still_there(turn.site, alarm):
            turn.record(ev.AlarmCauseGone(alarm.id))


def _withdraw(turn: Turn, door: DoorId) -> None:
    """Take back what leads where the site has no such door any more, and was not used."""
    built = turn.site.doors.get(door)
    for passage in turn.state.door(door).passages:
        leads_on = built is not None and (passage.enters is None or passage.enters in built.zones)
        if not passage.used and not passage.exit and not leads_on:
            turn.record(ev.GrantWithdrawn(passage.request, door, ev.UnlockFailure.POLICY_CHANGED))


def _part_from_what_is_gone(turn: Turn) -> None:
    """A door or a siren that the site no longer has is told a last time to lock, or to be silent: nobody will again.

    Whoever leaves is not locked in, and nothing closes on what stands in the way.
    """
    for door in sorted(turn.state.doors.keys() - turn.site.doors.keys()):
        known = turn.state.door(door)
        released = known.hold is not None or bool(known.passages)
        leaving = any(passage.exit and passage.until > turn.now.mono for passage in known.passages)
        crushes = door in turn.state.deferred or known.loop in (Loop.OCCUPIED, Loop.FAULT)
        if released and not leaving and not crushes:
            turn.ask(Relock(door))
    for output in sorted(turn.state.outputs.keys() - turn.site.outputs.keys()):
        if turn.state.output(output).wanted:
            turn.ask(SetOutput(output, on=False))


def _still_there(site: Site, alarm: Alarm) -> bool:
    """Tell whether what an alarm speaks of still stands in the site file: nothing else will ever end it."""
    source = alarm.source
    if alarm.kind is AlarmKind.INTERLOCK_BREACHED:
        return any(source.door in group.doors for group in site.interlocks.values())
    if alarm.kind in (AlarmKind.FIRE, AlarmKind.FIRE_LINE_FAULT):
        return any(source.point == zone.point for zone in site.fire_zones.values())
    if source.zone is not None:
        zone = site.zones.get(source.zone)
        two = alarm.kind is AlarmKind.TWO_PERSON_BROKEN
        return zone is not None and (zone.two_person if two else zone.escort is not None)
    return (
        (source.door is None or source.door in site.doors)
        and (source.reader is None or source.reader in site.readers)
        and (source.device is None or source.device in site.devices)
        and (source.camera is None or source.camera in site.cameras)
        and (source.point is None or source.point in site.points)
        and (source.area is None or source.area in site.areas)
    )
