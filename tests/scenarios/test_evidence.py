"""From a badge at a door to evidence that holds: recorder, simulated camera, two operators, the auditor's file."""

from __future__ import annotations

import asyncio
import hashlib
import json
import zipfile
from dataclasses import replace

import pytest

from controller.admin import Admin
from controller.domain.events import AccessDenied, ClipRecorded, StillRecorded
from controller.domain.operators import Role
from controller.domain.stimuli import CardPresented
from controller.ledger import auditor
from controller.notary import PUBLIC_KEY_FILE
from tests.controller.test_filming import SERVER, filming, seen, told

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]

PASSWORD = "a password of one's own"


def test_a_badge_its_film_two_operators_and_the_verdict(tmp_path, capsys):
    async def story():
        async with filming(tmp_path / "box") as (core, films, records, _):
            await seen(core, films, records)
            reader = next(iter(core.runtime.site.readers.values()))
            core.runtime.site = replace(
                core.runtime.site, readers={reader.id: replace(reader, camera=SERVER)}, doors=core.runtime.site.doors
            )
            films._site = core.runtime.site
            core.runtime.handle(CardPresented(reader.id, "nobody's", "H10301", 26, "00"))
            denied = await told(records, AccessDenied)
            belongs = lambda event: denied.seq in event.events  # noqa: E731 - of that very badge
            await told(records, ClipRecorded, belongs)
            await told(records, StillRecorded, belongs)
            await core.log.append(())
            admin = Admin(core)
            for name, role in (("sven", Role.SECURITY_OFFICER), ("sue", Role.SUPERVISOR)):
                await admin.add_operator(name, role, "t")
                core.keystore.set_password(name, PASSWORD, one_time=False)
            asked = {
                "purpose": "investigation",
                "case": "2026/17",
                "events": [denied.seq],
                "recordings": [],
                "since": None,
                "until": None,
                "camera": None,
                "door": None,
                "witness": "",
                "pixelated": False,
                "to": str(tmp_path / "evidence.zip"),
                "password": PASSWORD,
            }
            export = admin.commands["evidence_export"]
            assert not (await export({**asked, "operator": "sue"}))["done"]
            assert (await export({**asked, "operator": "sven"}))["done"]

    asyncio.run(story())
    package, key = tmp_path / "evidence.zip", str(tmp_path / "box" / PUBLIC_KEY_FILE)
    with zipfile.ZipFile(package) as evidence:
        manifest = json.loads(evidence.read("manifest.json"))
        assert len(manifest["recordings"]) >= 2
        for each in manifest["recordings"]:
            assert hashlib.sha256(evidence.read(each["file"])).hexdigest() == each["sha256"]
    assert auditor.main([str(package), "--log-key", key]) == 0
    assert "intact: " in capsys.readouterr().out
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(package) as evidence:
        evidence.extractall(folder)
    assert auditor.main([str(folder), "--log-key", key]) == 0
    film = next(folder.glob("*.mp4"))
    film.write_bytes(film.read_bytes()[:-1] + b"x")
    capsys.readouterr()
    assert auditor.main([str(folder), "--log-key", key]) == 1
    assert "its SHA-256 is another" in capsys.readouterr().out
