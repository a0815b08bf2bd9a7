"""What is asked of the box's certificate authority: by its owner at the command line, and by the box at its start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from controller.admin import AdminError, Command, said_no
from controller.core import Core
from controller.domain.events import CertificateIssued, CertificateRevoked
from controller.domain.ids import DeviceId
from controller.domain.site import DeviceKind, Site
from controller.domain.stimuli import KeepingDone
from controller.pki import bundle
from controller.pki.authority import PKI_FOLDER, Authority, Issued
from controller.pki.register import Given
from devices.gateway.kits import kits_of

Follow = Callable[[], Awaitable[None]]
"""Has the running broker follow what was given out or called back, and returns once it does."""


def mqtt_devices(site: Site) -> list[DeviceId]:
    """Return the devices of a policy that need a certificate."""
    own = [device.id for device in site.devices.values() if device.kind is DeviceKind.MQTT]
    return [*own, *map(DeviceId, kits_of(site).users)]


def authority_of(core: Core) -> Authority:
    """Return the authority of a box, made or not."""
    return Authority(core.keystore.secrets.beneath(PKI_FOLDER))


async def _nobody_follows() -> None:
    """There is no broker while the box stands still: it reads everything at its start."""


class PkiAdmin:
    """The authority's commands. Every certificate given out or called back is recorded with its author."""

    def __init__(self, core: Core, authority: Authority | None = None, follow: Follow = _nobody_follows) -> None:
        self._core = core
        self._authority = authority or authority_of(core)
        self._follow = follow
        self._turn = asyncio.Lock()
        self.commands: Mapping[str, Command] = {
            "pki_init": said_no(self._init),
            "pki_issue": said_no(self._issue),
            "pki_revoke": said_no(self._revoke),
            "pki_list": said_no(self._list),
            "pki_ca": said_no(self._ca),
        }

    async def issue(self, device: str, request: bytes, author: str, *, again: bool = False) -> Issued:
        """Sign a device's request. Raises ``ValueError`` with a sentence: also for no device of the policy."""
        known = mqtt_devices(self._core.runtime.site)
        if device not in known:
            said = (
                f"it knows {', '.join(sorted(known))}" if known else "it knows none: start the box once with its file"
            )
            raise AdminError(f"the policy has no MQTT device {device}; {said}")
        async with self._turn:
            was_out = bool(await asyncio.to_thread(self._authority.refused, [device]))
            issued = await asyncio.to_thread(self._authority.issue, device, request, again=again)
            fact = CertificateIssued(author, DeviceId(device), _hex(issued.record), issued.record.until)
            await self._core.runtime.handle(KeepingDone(fact)).durable
            if was_out:
                await self._follow()
        return issued

    async def revoke(self, device: str, author: str) -> tuple[Given, ...]:
        """Call a device's certificates back. When this returns, the broker has thrown it off and lets it in no more."""
        async with self._turn:
            called_back = await asyncio.to_thread(self._authority.revoke, device)
            facts = [CertificateRevoked(author, DeviceId(device), _hex(one)) for one in called_back]
            durable = [self._core.runtime.handle(KeepingDone(fact)).durable for fact in facts]
            await self._follow()  # whoever is called back does not wait for the disk
            await asyncio.gather(*durable)
        return called_back

    async def equip(self, folder: Path, author: str) -> list[DeviceId]:
        """Make the bundles of the policy's devices that a folder lacks; return whose. For simulated buildings."""
        wanted = mqtt_devices(self._core.runtime.site)
        lacking = [device for device in wanted if not bundle.counts(device, folder / device, self._authority)]
        for device in lacking:
            again = bool(self._authority.register.of(device))
            key, request = bundle.request(device)
            issued = await self.issue(device, request, author, again=again)
            await asyncio.to_thread(bundle.write, folder / device, key, issued.certificate, issued.ca)
        return lacking

    async def _init(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        async with self._turn:
            await asyncio.to_thread(self._authority.init, self._core.runtime.site.name)
        return {"until": self._authority.until.isoformat()}

    async def _issue(self, given: Mapping[str, Any]) -> dict[str, Any]:
        request, again = given["request"].encode(), given.get("again") is True
        issued = await self.issue(given["device"], request, given["author"], again=again)
        record = issued.record
        pems = {"certificate": issued.certificate.decode(), "ca": issued.ca.decode()}
        return {**pems, "serial": _hex(record), "until": record.until.isoformat()}

    async def _revoke(self, given: Mapping[str, Any]) -> dict[str, Any]:
        called_back = await self.revoke(given["device"], given["author"])
        return {"serials": [_hex(one) for one in called_back]}

    async def _ca(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        ca, until = self._authority.ca().decode(), self._authority.until.isoformat()
        return {"ca": ca, "fingerprint": self._authority.fingerprint, "until": until}

    async def _list(self, _given: Mapping[str, Any]) -> dict[str, Any]:
        register, now = self._authority.register, self._authority.now()
        rows = [
            {
                "device": one.device,
                "serial": _hex(one),
                "until": one.until.isoformat(),
                "standing": one.standing(now).value,
            }
            for one in sorted(register.given, key=lambda one: (one.device, one.issued))
        ]
        lacking = [device for device in mqtt_devices(self._core.runtime.site) if not register.counting(device, now)]
        return {"certificates": rows, "lacking": sorted(lacking), "until": self._authority.until.isoformat()}


def said_of_lacking(authority: Authority, devices: Iterable[str]) -> str | None:
    """Return what must be said of devices that the broker will not let in; None where there are none."""
    now = authority.now()
    out = [device for device in devices if not authority.register.counting(device, now)]
    if not out:
        return None
    return (
        f"without a certificate, and so without a say: {', '.join(sorted(out))}. "
        f"Make each its own with `ostiary pki issue DEVICE`"
    )


def _hex(one: Given) -> str:
    return f"{one.serial:x}"
