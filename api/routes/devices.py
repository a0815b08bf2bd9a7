"""Devices: where each hangs, what is wrong with it, and when its certificate ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path

from api.problems import Problem
from api.routes.orders import give
from api.schemas import NAME_LENGTH
from api.schemas_office import (
    BrokerOut,
    CameraHealthOut,
    DeviceErrorOut,
    DeviceHealthOut,
    DevicesOut,
    ReplacedOut,
    ReplaceIn,
)
from api.security import Context, Fresh, Watching
from controller.domain.alarms import Alarm, in_order
from controller.domain.hygiene import BrokerFacts
from controller.domain.ids import DeviceId
from controller.domain.maintenance_orders import ReplaceReader
from controller.domain.operators import Role
from controller.domain.site import Device, Door, Site
from controller.domain.state import SiteState
from controller.runtime.studies import Certificate, NotReplaced

SEES_DEVICES = frozenset({Role.SUPERVISOR, Role.SECURITY_OFFICER, Role.AUDITOR, Role.TECHNICIAN})
SOON = timedelta(days=30)

router = APIRouter(tags=["devices"])


@router.get("/devices")
async def devices(who: Watching, api: Context) -> DevicesOut:
    """Return everything that hangs on the box."""
    if who.operator.role not in SEES_DEVICES:
        raise Problem(403, "not_your_role", "Your role may not see the devices.")
    offices, moment = api.facade.offices, api.facade.moment()
    newest = _newest(await offices.certificates.given() if offices else ())
    site, state = moment.site, moment.state
    soon = api.wall() + SOON
    alarms = [alarm for alarm in in_order(state.alarms.values()) if who.sees_silent or not alarm.silent]
    return DevicesOut(
        devices=[_device(site, state, alarms, device, newest.get(device.id)) for device in site.devices.values()],
        cameras=[
            CameraHealthOut(id=c.id, name=c.name, online=known.online if (known := state.cameras.get(c.id)) else None)
            for c in site.cameras.values()
        ],
        broker=_broker(api.facade.broker()),
        expiring=sorted(name for name, one in newest.items() if _ends_soon(one, soon) and name in site.devices),
    )


@router.post("/devices/{device}/replace")
async def replace(
    device: Annotated[str, Path(max_length=NAME_LENGTH)], asked: ReplaceIn, who: Fresh, api: Context
) -> ReplacedOut:
    """Take over another reader that hangs at this address, in install mode: it gets a key of its own.

    The box lends the line to its wizard for two minutes at most; the doors on it are shut meanwhile. The order stands
    on the record before, the key after.
    """
    await give(api, who, ReplaceReader(DeviceId(device), asked.reason))
    office = api.facade.offices.readers if api.facade.offices else None
    if office is None:
        raise Problem(404, "no_office", "This building has no lines of its own.")
    try:
        done = await office.replace(who.operator.id, DeviceId(device))
    except NotReplaced as failed:
        raise Problem(409, "not_replaced", str(failed)) from failed
    return ReplacedOut(
        device=done.device,
        serial=done.serial,
        exposed=done.exposed,
        neighbours=list(done.neighbours),
        said=list(done.said),
    )


def _newest(given: Sequence[Certificate]) -> Mapping[str, Certificate]:
    return {one.device: one for one in sorted(given, key=lambda one: one.until)}


def _ends_soon(one: Certificate, soon: datetime) -> bool:
    return one.until <= soon


def _device(
    site: Site, state: SiteState, alarms: Sequence[Alarm], device: Device, certificate: Certificate | None
) -> DeviceHealthOut:
    known = state.device(device.id)
    wrong = {
        "offline": known.online is False,
        "tampered": known.tampered,
        "power_failed": known.power_failed,
        "battery_low": known.battery_low,
    }
    return DeviceHealthOut(
        id=device.id,
        name=device.name,
        kind=device.kind,
        wire=str(device.line or device.kind),
        serves=_serves(site, device.id),
        online=known.online,
        secure=known.secure,
        errors=[_error(alarm) for alarm in alarms if alarm.source.device == device.id],
        faults=[fault for fault, is_so in wrong.items() if is_so],
        certificate_until=certificate.until if certificate else None,
        certificate=certificate.standing if certificate else None,
    )


def _error(alarm: Alarm) -> DeviceErrorOut:
    return DeviceErrorOut(
        alarm=alarm.id,
        kind=alarm.kind,
        detail=alarm.detail,
        since=alarm.raised_at,
        persists=alarm.persists,
        maintenance=alarm.maintenance,
    )


def _broker(link: BrokerFacts | None) -> BrokerOut | None:
    if link is None:
        return None
    return BrokerOut(
        up=link.up, seconds=link.seconds, losses=link.losses, why=link.why, devices=link.devices, ready=link.ready
    )


def _serves(site: Site, device: DeviceId) -> list[str]:
    """Return the names of the readers and doors that need it."""
    readers = [reader.name for reader in site.readers.values() if reader.device == device]
    return [*readers, *(door.name for door in site.doors.values() if device in _wired(door))]


def _wired(door: Door) -> set[DeviceId]:
    rex = door.rex.input if door.rex else None
    return {wire.device for wire in (door.lock, door.contact, door.bolt, rex) if wire is not None}
