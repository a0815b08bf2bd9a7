"""What is not ours on a site's broker, by its site file: consumer kit, and a Home Assistant that looks on."""

from __future__ import annotations

from controller.domain.site import CONSUMER, Device, DeviceKind, Site
from devices.mqtt import discovery
from devices.mqtt.adapters.esphome import Esphome
from devices.mqtt.adapters.frigate import Frigate
from devices.mqtt.adapters.kit import Kit
from devices.mqtt.adapters.kits import Kits
from devices.mqtt.adapters.shelly import Shelly
from devices.mqtt.adapters.tasmota import Tasmota
from devices.mqtt.adapters.zigbee2mqtt import Zigbee
from devices.mqtt.topics import DeviceId


def kits_of(site: Site) -> Kits:
    """Return an adapter for each device of consumer kit, and the rights of Home Assistant."""
    known = site.home_assistant
    guests = {known.name: discovery.rights(site.id, sorted(known.orders))} if known else {}
    return Kits((_kit(site, device) for device in site.devices.values() if device.kind in CONSUMER), guests)


def _kit(site: Site, device: Device) -> Kit:
    name, topic = DeviceId(device.id), device.topic or device.id
    match device.kind:
        case DeviceKind.ZIGBEE2MQTT:
            return Zigbee(name, topic)
        case DeviceKind.SHELLY:
            return Shelly(name, topic)
        case DeviceKind.TASMOTA:
            return Tasmota(name, topic)
        case DeviceKind.FRIGATE:
            return Frigate(name, topic)
        case _:
            return Esphome(name, topic, is_lock=any(door.lock.device == device.id for door in site.doors.values()))
