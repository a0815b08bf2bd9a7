"""What hands do to wires rather than to doors: faults of a line or a device, a wrong key, somebody in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields

from controller.domain.ids import ReaderId
from simulators.badges import Badge
from simulators.building import Building
from simulators.intruders import INTRUDERS
from simulators.line_faults import Faults
from simulators.osdp_device import OsdpDevice

Verb = Callable[[Mapping[str, str]], Awaitable[dict[str, object]]]

_TRUE = ("true", "1", "yes")


def wire_orders(building: Building) -> dict[str, Verb]:
    """Return the verbs. Each raises KeyError for a thing that is missing or not there, ValueError for a bad number."""

    async def line_faults(said: Mapping[str, str]) -> dict[str, object]:
        building.line(said["line"]).suffer(faults_of(said))
        return {}

    async def device_faults(said: Mapping[str, str]) -> dict[str, object]:
        building.mqtt_devices()[said["device"]].suffer(faults_of(said))
        return {}

    async def cut_line(said: Mapping[str, str]) -> dict[str, object]:
        building.line(said["line"]).cut()
        return {}

    async def mend_line(said: Mapping[str, str]) -> dict[str, object]:
        building.line(said["line"]).restore()
        return {}

    async def present_raw(said: Mapping[str, str]) -> dict[str, object]:
        badge = Badge(int(said["bits"]), bytes.fromhex(said["raw"]))
        building.head(said["reader"]).present_card(badge.bit_count, badge.raw)
        return {}

    async def wire(said: Mapping[str, str]) -> dict[str, object]:
        """Cut into a line behind a reader, knowing a badge that would open its door."""
        site = building.site
        address = site.devices[site.readers[ReaderId(said["reader"])].device].address or 0
        intruder = INTRUDERS[said["attack"]](address, building.badge_of(said["person"]))
        building.line(said["line"]).let_in(intruder)
        return {}

    async def unwire(said: Mapping[str, str]) -> dict[str, object]:
        building.line(said["line"]).let_in(None)
        return {}

    verbs = (line_faults, device_faults, cut_line, mend_line, present_raw, wire, unwire)
    return {verb.__name__: verb for verb in verbs} | _key_orders(building) | _device_orders(building)


def _device_orders(building: Building) -> dict[str, Verb]:
    """Return what a hand does to a single device on an OSDP line."""

    async def swap(said: Mapping[str, str]) -> dict[str, object]:
        """Hang another reader in a reader's place: its `serial` in hexadecimal digits, everything else the same."""
        _on_osdp(building, said).swap(int(said["serial"], 16))
        return {}

    async def unplug_device(said: Mapping[str, str]) -> dict[str, object]:
        building.peripheral(said["device"]).unplug()
        return {}

    async def plug_in_device(said: Mapping[str, str]) -> dict[str, object]:
        building.peripheral(said["device"]).plug_in()
        return {}

    async def install_mode(said: Mapping[str, str]) -> dict[str, object]:
        """Turn the switch on a device's back: until it has a key, it takes the public one."""
        building.peripheral(said["device"]).install_mode()
        return {}

    verbs = (swap, unplug_device, plug_in_device, install_mode)
    return {verb.__name__: verb for verb in verbs}


def faults_of(said: Mapping[str, str]) -> Faults:
    """Read how bad a wire is; whatever is not said is well. ValueError for what is no number, or no probability."""
    given: dict[str, object] = {}
    for each in fields(Faults):
        if each.name not in said:
            continue
        word = said[each.name]
        if isinstance(each.default, bool):
            given[each.name] = word.lower() in _TRUE
        elif isinstance(each.default, int):
            given[each.name] = int(word)
        else:
            given[each.name] = _share(word)
    return Faults(**given)  # type: ignore[arg-type] # each of its field's kind, by the field's own default


def _key_orders(building: Building) -> dict[str, Verb]:
    """Return the verbs about which key a reader holds."""

    async def mistake_key(said: Mapping[str, str]) -> dict[str, object]:
        _on_osdp(building, said).mistake_key()
        return {}

    async def recall_key(said: Mapping[str, str]) -> dict[str, object]:
        _on_osdp(building, said).recall_key()
        return {}

    async def hang_another(said: Mapping[str, str]) -> dict[str, object]:
        """Hang another reader in the place of this one, as it came out of its carton: it takes the public key."""
        _on_osdp(building, said).mistake_key()
        _on_osdp(building, said).install_mode()
        return {}

    return {verb.__name__: verb for verb in (mistake_key, recall_key, hang_another)}


def _share(word: str) -> float:
    share = float(word)
    if not 0.0 <= share <= 1.0:
        raise ValueError(word)
    return share


def _on_osdp(building: Building, said: Mapping[str, str]) -> OsdpDevice:
    head = building.head(said["reader"])
    if not isinstance(head, OsdpDevice):
        raise ValueError(said["reader"])  # noqa: TRY004 - which reader that is, is a value of the message
    return head
