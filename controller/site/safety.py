"""Rules that keep a site from being unsafe: each refusal is a sentence of the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from controller.domain.ids import ZoneId
from controller.domain.site import (
    Assurance,
    DeviceKind,
    Door,
    Factor,
    Reader,
    RexKind,
    SecurityLevel,
    Side,
    Site,
    ThreatLevel,
)
from controller.site.errors import quoted
from controller.site.positions import Path
from controller.site.wiring import Finding, lock_wires


def locks_hang_on_the_safe_side(site: Site) -> Iterator[Finding]:
    """Above ``controlled``, pulling a device off the wall must not open its door."""
    for door in site.doors.values():
        level = door_level(site, door)
        for wire in lock_wires(door):
            device = site.devices.get(wire.device)
            if device and device.side is Side.ATTACK and level > SecurityLevel.CONTROLLED:
                problem = (
                    f"{quoted(device.id)} hangs on the attack side of a door of level {level.name.lower()}: "
                    "pulling it off the wall would open the door"
                )
                yield Finding(wire.at, problem, "wire it to a device on the safe side")


def clear_lines_guard_nothing(site: Site) -> Iterator[Finding]:
    """A line in the clear can be listened to and spoken on by whoever reaches it."""
    for reader in site.readers.values():
        enters = site.zones.get(reader.enters)
        if enters and enters.level > SecurityLevel.UNRESTRICTED and _in_the_clear(site, reader.device):
            problem = (
                f"reads in the clear for {quoted(reader.id)}, which enters {quoted(enters.id)} "
                f"({enters.level.name.lower()}): its badges could be recorded and replayed"
            )
            yield Finding(("device", reader.device, "secure_channel"), problem, "set `secure_channel = true`")
    for door in site.doors.values():
        for wire in lock_wires(door):
            if door_level(site, door) > SecurityLevel.UNRESTRICTED and _in_the_clear(site, wire.device):
                problem = f"{quoted(wire.device)} is spoken to in the clear: whoever reaches the line opens the door"
                yield Finding(wire.at, problem, f"set `secure_channel = true` for {quoted(wire.device)}")


def the_badge_comes_first(site: Site) -> Iterator[Finding]:
    """A face or a PIN completes a challenge; alone neither ever opens a door."""
    for at, factors in factor_lists(site):
        if Factor.FACE in factors and Factor.CARD not in factors:
            problem = "grants on a face alone: a face never opens a door without a badge"
            yield Finding(at, problem, 'add "card"')
        elif Factor.PIN in factors and Factor.CARD not in factors:
            yield Finding(at, "grants on a PIN alone, which names nobody", 'add "card"')
        elif Factor.GUARD in factors and Factor.CARD not in factors:
            yield Finding(at, "grants on a guard's look alone: the log would not know who passed", 'add "card"')
    for zone in site.zones.values():
        if not zone.factors:
            yield Finding(("zone", zone.id, "factors"), "asks for nothing at all", 'write ["card"]')


def readers_can_ask(site: Site) -> Iterator[Finding]:
    """Whatever factor may be asked for at a reader, the reader can take."""
    for reader in site.readers.values():
        for factor, source in _asked(site, reader).items():
            if factor is Factor.PIN and not reader.keypad:
                problem = f"{source} asks for a PIN here and the reader has no keypad"
                yield Finding(("reader", reader.id), problem, "add `keypad = true` if it has one, or drop the factor")
            if factor is Factor.FACE and reader.camera is None:
                problem = f"{source} asks for a face here and the reader has no camera"
                yield Finding(("reader", reader.id), problem, 'add `camera = "..."`, or drop the factor')


def everyone_gets_out(site: Site) -> Iterator[Finding]:
    """No way out depends on this software alone."""
    for door in site.doors.values():
        if not door.free_egress and (door.rex is None or door.rex.kind is not RexKind.EMERGENCY):
            problem = "the way out depends on this software alone"
            mend = 'fit a handle that always opens (`free_egress = true`) or a REX of kind "emergency"'
            yield Finding(("door", door.id, "free_egress"), problem, mend)


def rex_that_unlocks_is_the_locks_own(site: Site) -> Iterator[Finding]:
    """A forged REX from elsewhere must not open the door."""
    for door in site.doors.values():
        if door.rex and door.rex.kind is RexKind.UNLOCKS and door.rex.input.device != door.lock.device:
            problem = f"unlocks from {quoted(door.rex.input.device)}, which is not the lock's own device"
            mend = f'wire it to {quoted(door.lock.device)}, or make it kind = "shunt_only"'
            yield Finding(("door", door.id, "rex"), problem, mend)


def copies_open_nothing_that_matters(site: Site) -> Iterator[Finding]:
    """A credential that can be copied is no factor for limited and exclusion zones."""
    for zone in site.zones.values():
        if zone.level >= SecurityLevel.LIMITED and zone.minimum_assurance is Assurance.COPYABLE:
            problem = f"a copied card would open this {zone.level.name.lower()} zone"
            yield Finding(("zone", zone.id, "minimum_assurance"), problem, 'write "symmetric" or "pki"')


def warnings_come_before_alarms(site: Site) -> Iterator[Finding]:
    """The pre-alarm of a held door fits into the time that the door may stand open."""
    for door in site.doors.values():
        if door.pre_alarm_seconds > door.open_seconds:
            problem = f"the warning would come before the door is open ({door.open_seconds:g} seconds)"
            yield Finding(("door", door.id, "pre_alarm_seconds"), problem, "make it shorter than open_seconds")


def threat_levels_ascend(site: Site) -> Iterator[Finding]:
    """No raise of the threat level makes any door easier."""
    levels = [site.threat_levels[number] for number in sorted(site.threat_levels)]
    for lower, higher in pairwise(levels):
        at = ("threat_level", str(higher.number))
        for key, what in _laxer(lower, higher):
            problem = f"level {higher.number} is laxer than level {lower.number}: {what}"
            yield Finding((*at, key), problem, f"repeat here at least what level {lower.number} asks for")


def normal_exists(site: Site) -> Iterator[Finding]:
    """Level 0 is where every site starts."""
    if 0 not in site.threat_levels:
        problem = "threat level 0 is missing"
        yield Finding(("threat_level",), problem, 'add `[[threat_level]]` with `number = 0` and `name = "Normal"`')


def door_level(site: Site, door: Door) -> SecurityLevel:
    """Return the higher level of the two zones that a door joins."""
    zones = (site.zones.get(zone) for zone in door.zones)
    return max((zone.level for zone in zones if zone), default=SecurityLevel.UNRESTRICTED)


def _in_the_clear(site: Site, device_id: str) -> bool:
    return any(
        device.id == device_id and device.kind is DeviceKind.OSDP and not device.secure_channel
        for device in site.devices.values()
    )


def factor_lists(site: Site) -> Iterator[tuple[Path, frozenset[Factor]]]:
    """Every list of factors of the file, and where it stands."""
    for zone in site.zones.values():
        yield ("zone", zone.id, "factors"), zone.factors
    for reader in site.readers.values():
        yield ("reader", reader.id, "factors"), reader.factors
    for level in site.threat_levels.values():
        for zone_id, factors in level.added_factors.items():
            yield ("threat_level", str(level.number), "added_factors", zone_id), factors


def _asked(site: Site, reader: Reader) -> Mapping[Factor, str]:
    """Every factor this reader may ever ask for, with who asks for it."""
    zone = site.zones.get(reader.enters)
    asked = dict.fromkeys(reader.factors, "the reader")
    asked |= dict.fromkeys(zone.factors if zone else (), f"zone {quoted(reader.enters)}")
    for rule in (reader.factors_outside, zone.factors_outside if zone else None):
        if rule is not None:
            source = f"`factors_outside` {quoted(rule.schedule)}"
            asked |= {factor: source for factor in rule.factors if factor not in asked}
    for level in site.threat_levels.values():
        added = level.added_factors.get(reader.enters, frozenset())
        asked |= {factor: f"threat level {level.number}" for factor in added if factor not in asked}
    return asked


def _laxer(lower: ThreatLevel, higher: ThreatLevel) -> Iterator[tuple[str, str]]:
    """The keys in which ``higher`` asks for less, and what it is about."""
    unlocked = lower.locked_doors - higher.locked_doors
    if unlocked:
        yield "locked_doors", f"it does not lock {_list(unlocked)}"
    lowered = {zone for zone, least in lower.minimum_clearance.items() if higher.minimum_clearance.get(zone, 0) < least}
    if lowered:
        yield "minimum_clearance", f"it asks for less clearance in {_list(lowered)}"
    dropped = {zone for zone, factors in lower.added_factors.items() if factors - _added(higher, zone)}
    if dropped:
        yield "added_factors", f"it asks for fewer factors in {_list(dropped)}"
    yield from _kept_out(lower, higher)


def _kept_out(lower: ThreatLevel, higher: ThreatLevel) -> Iterator[tuple[str, str]]:
    for key, what in (("allowed_kinds", "kinds of people"), ("allowed_levels", "access levels")):
        before, after = getattr(lower, key), getattr(higher, key)
        if before is not None and (after is None or after - before):
            yield key, f"it lets in more {what}"


def _added(level: ThreatLevel, zone: ZoneId) -> frozenset[Factor]:
    return level.added_factors.get(zone, frozenset())


def _list(ids: Iterable[str]) -> str:
    return ", ".join(quoted(id_) for id_ in sorted(ids))
