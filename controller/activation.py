"""Another policy for a box that works: who may, whether it is in order, and what has to be connected anew.

The box believes nothing it is told: it reads the file, proves it and knows the two operators by their passwords itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from controller.admin import AdminError, Command
from controller.core import Core
from controller.domain.events import OrderRefused
from controller.domain.ids import OperatorId
from controller.domain.site import Door, Site, takes_pin_alone
from controller.domain.stimuli import PolicyApproved, SignInTried
from controller.giving_way import give_way
from controller.policies import Policies, UnknownPolicy
from controller.site.check import format_errors
from controller.site.errors import SiteErrors
from controller.site.loader import parse_site
from controller.store.history import History
from controller.store.place import log_place

PROOF_SECONDS = 300.0

AT_THE_SOCKET = "control socket"

POLICY_OF_A_DOOR = frozenset(
    {
        "name",
        "zones",
        "free_egress",
        "fire_zone",
        "unlock_seconds",
        "open_seconds",
        "pre_alarm_seconds",
        "relock_on",
        "position",
        "extended_unlock_seconds",
        "extended_open_seconds",
        "unlocked_schedule",
        "after_first_person",
    }
)
"""What of a door its gateway never asks about; a field that is not named here counts as wiring."""

Replug = Callable[[Site, Site], Awaitable[Sequence[str]]]
"""Connects what is wired otherwise in the second site, and returns what that was."""


class Activation:
    """Brings policies into force on a running box."""

    def __init__(self, core: Core, prepare: Callable[[Site], None], replug: Replug) -> None:
        """Take what looks for the keys a policy needs (it raises ``ValueError``), and what plugs the gateways."""
        self._core = core
        self._prepare = prepare
        self._replug = replug
        self._one_at_a_time = asyncio.Lock()
        self.commands: Mapping[str, Command] = {
            "site_in_force": self._in_force,
            "site_activate": self._activate,
        }

    async def _in_force(self, _: Mapping[str, Any]) -> dict[str, Any]:
        toml, earlier = await asyncio.to_thread(self._policies)
        return {"digest": self._core.runtime.site.digest, "toml": toml, "earlier": earlier}

    def _policies(self) -> tuple[str, str | None]:
        """Return the policy in force, and the one that was before it."""
        policies = Policies(History(log_place(self._core.folder, self._core.keystore.secrets)))
        digest = self._core.runtime.site.digest
        return policies.toml(digest), policies.before(digest)

    async def _activate(self, given: Mapping[str, Any]) -> dict[str, Any]:
        async with self._one_at_a_time:
            toml, (first, second) = str(given["toml"]), given["operators"]
            site = self._compared(toml, given["in_force"], str(given["file"]))
            await self._known(first)
            await self._known(second)
            return await self._agreed(site, OperatorId(first["name"]), OperatorId(second["name"]), toml)

    async def agreed(self, first: OperatorId, second: OperatorId, toml: str, in_force: str) -> int:
        """Bring a policy into force for two who have proven who they are, at a console; return its event's number.

        Raises ``AdminError`` with a sentence.
        """
        async with self._one_at_a_time:
            done = await self._agreed(self._compared(toml, in_force, "the policy"), first, second, toml)
        return int(done["seq"])

    async def _agreed(self, site: Site, first: OperatorId, second: OperatorId, toml: str) -> dict[str, Any]:
        await self._proven(site, toml)
        return await self._bring_in(site, PolicyApproved(first, second, site.digest, toml))

    def _compared(self, toml: str, in_force: str, name: str) -> Site:
        if in_force != self._core.runtime.site.digest:
            raise AdminError("another policy came into force meanwhile: look at the differences again")
        return self._read(toml, name)

    def _read(self, toml: str, name: str) -> Site:
        try:
            site = parse_site(toml.encode(), name)
            self._prepare(site)
        except SiteErrors as errors:
            raise AdminError(format_errors(errors.errors)) from errors
        except ValueError as missing:
            raise AdminError(str(missing)) from missing
        return site

    async def _known(self, given: Mapping[str, Any]) -> None:
        """Know an operator by name and password. A one-time password is for the first sign-in, and counts for none."""
        operator, keystore = OperatorId(given["name"]), self._core.keystore
        right = await asyncio.to_thread(keystore.password_matches, operator, given["password"])
        if right and not await asyncio.to_thread(keystore.password_is_one_time, operator):
            return
        await self._core.runtime.submit(SignInTried(operator, succeeded=False, address=AT_THE_SOCKET))
        raise AdminError(
            f"the name or the password of {operator} is not right, or was never changed at a first sign-in"
        )

    async def _proven(self, site: Site, toml: str) -> None:
        """Prove what the file says of itself, in a process that leaves the doors alone.

        A policy that was in force before is not proven again: the way back is never longer than it must be.
        """
        if not site.invariants or await asyncio.to_thread(self._was_in_force, site.digest):
            return
        with tempfile.NamedTemporaryFile("w", dir=self._core.folder, suffix=".toml", encoding="utf-8") as file:
            file.write(toml)
            file.flush()
            said, code = await _prove(file.name)
        if code == 0:
            return
        broken = [verdict["name"] for verdict in json.loads(said) if not verdict["holds"]] if code == 1 else []
        raise AdminError(f"not proven: {'; '.join(broken) or 'the proof did not end'}; see ostiary site prove")

    def _was_in_force(self, digest: str) -> bool:
        try:
            Policies(History(log_place(self._core.folder, self._core.keystore.secrets))).toml(digest)
        except UnknownPolicy:
            return False
        return True

    async def _bring_in(self, site: Site, approved: PolicyApproved) -> dict[str, Any]:
        runtime = self._core.runtime
        before = runtime.site
        handled = runtime.activate(site, approved)
        refused = next((event.why for event in handled.outcome.events if isinstance(event, OrderRefused)), None)
        if refused is not None:
            raise AdminError(f"refused: {refused.replace('_', ' ')}")
        seq = runtime.seq
        await handled.durable
        return {"digest": site.digest, "seq": seq, "connected_anew": list(await self._replug(before, site))}


def wiring(site: Site) -> dict[str, object]:
    """Return what the gateways know of a site, by part: they are left alone where it is the same."""
    return {
        "site": site.id,
        "lines": dict(site.lines),
        "buses": dict(site.buses),
        "devices": dict(site.devices),
        "doors": {door.id: _wired(door) for door in site.doors.values()},
        "readers": {r.id: (r.door, r.device, r.keypad, r.camera) for r in site.readers.values()},
        "keypads": {r.id for r in site.readers.values() if takes_pin_alone(site, r)},
        "points": {p: (wired, site.points[p].debounce_seconds) for p, wired in site.point_wires.items()},
        "contacts": site.debounce_seconds,
        "outputs": {output.id: output.output for output in site.outputs.values()},
        "home assistant": _shown(site),
    }


def rewired(before: Site, after: Site) -> list[str]:
    """Return which parts of the wiring are others."""
    now = wiring(after)
    return [part for part, was in wiring(before).items() if was != now[part]]


def _shown(site: Site) -> object:
    """Return what Home Assistant is told of doors when they are announced."""
    known = site.home_assistant
    return known and (known, site.name, [(site.doors[door].name, site.doors[door].contact) for door in known.doors])


def _wired(door: Door) -> dict[str, object]:
    return {field.name: getattr(door, field.name) for field in fields(door) if field.name not in POLICY_OF_A_DOOR}


async def _prove(file: str) -> tuple[bytes, int]:
    proving = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "controller.cli_prove", file, "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    give_way(proving.pid)
    try:
        async with asyncio.timeout(PROOF_SECONDS):
            said, _ = await proving.communicate()
    except TimeoutError:
        said = b"[]"
    finally:
        if proving.returncode is None:
            proving.kill()
            await proving.wait()
    return said, proving.returncode or 0
