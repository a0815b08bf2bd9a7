"""Devices, lines and cameras: who answers, who does not, and who plays with the wire."""

from __future__ import annotations

from controller.domain import events as ev
from controller.domain.alarms import AlarmKind, Source
from controller.domain.doors import LockStatus, Loop, Position
from controller.domain.ids import DeviceId, DoorId
from controller.domain.site import DeviceKind, Door, Site
from controller.domain.stimuli import (
    BatterySeen,
    CameraSeen,
    CertificateSeen,
    Delivered,
    DeviceSeen,
    FaultSeen,
    KeySeen,
    LoopSeen,
    PowerSeen,
    TamperSeen,
    ViolationSeen,
)
from controller.rules.alarm import cause_gone, raise_alarm
from controller.rules.door import armed, key_seen
from controller.rules.fire import fire_lines_unheard
from controller.rules.lockdown import look_whether_secured
from controller.rules.outputs import put_all
from controller.rules.points import points_lost
from controller.rules.relock import loop_seen
from controller.rules.standing import tell_again
from controller.rules.turn import Turn
from controller.rules.whereabouts import somebody_passed

_FAULTS = frozenset({ev.Violation.MALFORMED, ev.Violation.SEQUENCE_GAP})
"""Violations that a broken device commits as well as an attacker."""


def device_seen(turn: Turn, seen: DeviceSeen) -> None:
    """A device answers, or no longer does."""
    device = turn.site.devices.get(seen.device)
    if device is None:
        return
    source = Source(device=device.id)
    if not seen.online:
        _device_lost(turn, device.id, seen.detail)
        return
    was = turn.state.device(device.id)
    if was.online and was.secure == seen.secure:
        return
    turn.record(ev.DeviceCameOnline(device.id, seen.secure, seen.detail))
    cause_gone(turn, {AlarmKind.OFFLINE}, source)
    if seen.secure:
        cause_gone(turn, {AlarmKind.SECURE_CHANNEL_OFF}, source)
    elif device.kind is DeviceKind.OSDP:
        raise_alarm(turn, AlarmKind.SECURE_CHANNEL_OFF, source, "this reader speaks in the clear")
    _recognise(turn, seen)
    for door in locked_by(turn.site, device.id):
        tell_again(turn, door, armed=armed(turn, door))
    put_all(turn, device.id)


def tamper_seen(turn: Turn, seen: TamperSeen) -> None:
    """A tamper switch moved. What ended while the box was down ends its alarm, too."""
    if seen.device not in turn.site.devices:
        return
    if turn.state.device(seen.device).tampered != seen.active:
        turn.record(ev.TamperObserved(seen.device, seen.active))
    if seen.active:
        raise_alarm(turn, AlarmKind.TAMPER, Source(device=seen.device))
    else:
        cause_gone(turn, {AlarmKind.TAMPER}, Source(device=seen.device))


def power_seen(turn: Turn, seen: PowerSeen) -> None:
    """A device's supply failed, or is back."""
    if seen.device not in turn.site.devices:
        return
    if turn.state.device(seen.device).power_failed != seen.failed:
        turn.record(ev.PowerObserved(seen.device, seen.failed))
    if seen.failed:
        raise_alarm(turn, AlarmKind.MAINS, Source(device=seen.device))
    else:
        cause_gone(turn, {AlarmKind.MAINS}, Source(device=seen.device))


def battery_seen(turn: Turn, seen: BatterySeen) -> None:
    """A device's battery runs low, or was charged or changed."""
    if seen.device not in turn.site.devices:
        return
    if turn.state.device(seen.device).battery_low != seen.low:
        turn.record(ev.BatteryObserved(seen.device, seen.low))
    if seen.low:
        raise_alarm(turn, AlarmKind.BATTERY, Source(device=seen.device))
    else:
        cause_gone(turn, {AlarmKind.BATTERY}, Source(device=seen.device))


def violation_seen(turn: Turn, seen: ViolationSeen) -> None:
    """Somebody plays with the wire: refused there, recorded and raised here."""
    if seen.device not in turn.site.devices:
        return
    turn.record(ev.WireViolated(seen.device, seen.violation, seen.detail))
    kind = AlarmKind.FAULT if seen.violation in _FAULTS else AlarmKind.SECURE_CHANNEL_LOST
    raise_alarm(turn, kind, Source(device=seen.device), seen.violation.value, lasting=False)


def fault_seen(turn: Turn, seen: FaultSeen) -> None:
    """A supervised wire broke or was mended; or our own code failed, which is told and has no end to be seen."""
    if seen.device is None:
        raise_alarm(turn, AlarmKind.FAULT, Source(), seen.detail, lasting=False)
    elif seen.device not in turn.site.devices:
        return
    elif seen.active:
        raise_alarm(turn, AlarmKind.FAULT, Source(device=seen.device), seen.detail)
    else:
        cause_gone(turn, {AlarmKind.FAULT}, Source(device=seen.device))


def certificate_seen(turn: Turn, seen: CertificateSeen) -> None:
    """A certificate ends soon, or was renewed: told while there is still time to go to the device."""
    if seen.device is not None and seen.device not in turn.site.devices:
        return
    if seen.ending:
        raise_alarm(turn, AlarmKind.CERTIFICATE_ENDING, Source(device=seen.device), seen.detail)
    else:
        cause_gone(turn, {AlarmKind.CERTIFICATE_ENDING}, Source(device=seen.device))


def message_is_new(turn: Turn, message: Delivered) -> bool:
    """Take a device's numbered message once. A number left out is a message that somebody, or something, kept back."""
    heard = turn.state.heard.get(message.device)
    same_boot = heard is not None and heard.boot == message.boot
    if message.device not in turn.site.devices or (same_boot and heard is not None and message.seq <= heard.last):
        return False
    if heard is not None and message.boot in heard.ended:  # somebody, or a broker that was away, tells it again
        return False
    expected = heard.last + 1 if heard is not None and same_boot else 1
    turn.record(ev.MessageTaken(message.device, message.boot, message.seq))
    if heard is not None and message.seq > expected:
        missing = f"messages {expected} to {message.seq - 1} never came"
        violation_seen(turn, ViolationSeen(message.device, ev.Violation.SEQUENCE_GAP, missing))
    return True


def camera_seen(turn: Turn, seen: CameraSeen) -> None:
    """A camera gives pictures, or no longer does."""
    known = turn.state.cameras.get(seen.camera)
    if seen.camera not in turn.site.cameras or (known is not None and known.online == seen.online):
        return
    source = Source(camera=seen.camera)
    if seen.online:
        turn.record(ev.CameraCameOnline(seen.camera))
        cause_gone(turn, {AlarmKind.CAMERA_LOST}, source)
    else:
        turn.record(ev.CameraWentOffline(seen.camera, seen.detail))
        raise_alarm(turn, AlarmKind.CAMERA_LOST, source, seen.detail)


def start_up_time_passed(turn: Turn) -> None:
    """Whoever was not heard of since the start is missing."""
    if turn.state.hear_by is None or turn.now.mono < turn.state.hear_by:
        return
    for device in turn.site.devices:
        if turn.state.device(device).online is None:
            _device_lost(turn, device, "not heard of since the start")
    for camera in turn.site.cameras:
        if camera not in turn.state.cameras:
            camera_seen(turn, CameraSeen(camera, online=False, detail="no picture since the start"))
    fire_lines_unheard(turn)
    turn.record(ev.StartUpCompleted())


def locked_by(site: Site, device: DeviceId) -> list[DoorId]:
    """Return the doors whose lock hangs on a device."""
    return [door.id for door in site.doors.values() if door.lock.device == device]


def _recognise(turn: Turn, seen: DeviceSeen) -> None:
    """Tell a device from another that hangs in its place; the first one seen there, and what a wizard keyed, is it."""
    if not seen.nameplate:
        return
    source, known = Source(device=seen.device), turn.state.nameplates.get(seen.device)
    if known is None or (seen.commissioned and known != seen.nameplate):
        turn.record(ev.DeviceIdentified(seen.device, seen.nameplate))
    if seen.nameplate == turn.state.nameplates.get(seen.device):
        cause_gone(turn, {AlarmKind.DEVICE_SWAPPED}, source)
    else:
        raise_alarm(turn, AlarmKind.DEVICE_SWAPPED, source, f"{seen.nameplate} in place of {known}")


def _device_lost(turn: Turn, device: DeviceId, detail: str) -> None:
    if turn.state.device(device).online is False:
        return
    turn.record(ev.DeviceWentOffline(device, detail))
    raise_alarm(turn, AlarmKind.OFFLINE, Source(device=device), detail)
    for door in turn.site.doors.values():
        _blinded(turn, door, device)
    points_lost(turn, device)
    look_whether_secured(turn)


def _blinded(turn: Turn, door: Door, device: DeviceId) -> None:
    """Nothing is known any more of what hangs on a device that does not answer."""
    blind = {key for key, wired in door.inputs.items() if wired.device == device}
    state = turn.state.door(door.id)
    if "contact" in blind and state.position is not Position.UNKNOWN:
        turn.record(ev.PositionObserved(door.id, Position.UNKNOWN, None, None))
        somebody_passed(turn, door, ev.Doubt.DOOR_UNSEEN)
    if blind & {"rotation_in", "rotation_out"}:
        somebody_passed(turn, door, ev.Doubt.DOOR_UNSEEN)
    if "bolt" in blind and state.lock is not LockStatus.UNKNOWN:
        turn.record(ev.LockObserved(door.id, LockStatus.UNKNOWN))
    if "loop" in blind:
        loop_seen(turn, LoopSeen(door.id, Loop.UNKNOWN))
    if "key_switch" in blind:
        key_seen(turn, KeySeen(door.id, turned=False))
