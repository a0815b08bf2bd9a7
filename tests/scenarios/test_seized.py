"""Seized and silent: a box that ran, was used and was switched off tells whoever takes its disk nothing.

Every seeded name, card number, PIN, face and picture is looked for in every file, in every encoding it may have.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from pathlib import Path

import pytest

from controller.admin import Admin
from controller.cli import Nobody
from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.faces import FaceBasis
from controller.domain.operators import LockDoor, Role, StartLockdown, UnlockOnce
from controller.keys import seal_folder
from controller.runtime.building import Building
from controller.runtime.ports import FaceMade, FaceTemplate
from controller.store import boxkey
from controller.store.boxkey import KeyAccess, Way
from controller.store.projection import Projection

CONFIG = Path(__file__).parents[2] / "config"
HEAD = "id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face"
NAMES = ("Zebulon Quackenbush", "Ørjan Ξenakis-Ñandú")
NUMBERS, PINS = (48_611, 51_337), ("73190426", "60518273")
GUEST, REASON = "Barnabas Wigglesworth", "because Theophrastus Thistlethwaite fell ill"
VECTOR = tuple(index / 7 for index in range(128))
PICTURE = b"\xff\xd8\xff\xe0 a picture nobody may keep " + bytes(range(256)) * 8
PASSPHRASE, PASSWORD = "correct horse battery staple", "an operator's own password"
OSDP, CAMERA = "00f1e2d3c4b5a69788796a5b4c3d2e1f", "hunter2-of-the-camera"


def rows():
    people = zip(("s-1", "s-2"), NAMES, NUMBERS, PINS, strict=True)
    lines = [f'{i},"{name}",staff,3,staff,H10301,42,{n},symmetric,active,,,{pin},' for i, name, n, pin in people]
    return "\n".join([HEAD, *lines])


def encodings(text):
    """Every form of a text that is long enough not to turn up by chance."""
    return (each for each in _encodings(text) if len(each) >= 8)


def _encodings(text):
    for codec in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
        raw = text.encode(codec)
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        for shift in range(3):  # base64 of it in the middle of something else
            inner = base64.b64encode(b"\0" * shift + raw)
            yield inner[4 if shift else 0 : len(inner) // 4 * 4 - 4]


def seeded():
    for text in (*NAMES, GUEST, REASON, *PINS, PASSWORD, PASSPHRASE, OSDP, CAMERA):
        yield from encodings(text)
    for code in ("<f", ">f", "<d", ">d"):
        vector = b"".join(struct.pack(code, value) for value in VECTOR[1:9])
        yield vector
        yield vector.hex().encode()
        yield base64.b64encode(vector)[:-4]
    yield PICTURE[8:40]
    yield base64.b64encode(PICTURE)[12:60]
    yield bytes.fromhex(OSDP)
    for number in NUMBERS:
        yield f'"{number}"'.encode()
        yield f"42:{number}".encode()
        yield f"42:{number}".encode().hex().encode()


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def test_the_search_finds_each_of_them_where_it_stands(tmp_path):
    for secret in seeded():
        assert len(secret) >= 7, secret
    planted = base64.b64encode(b'{"name":"' + NAMES[0].encode() + b'"}')
    assert any(secret in planted for secret in encodings(NAMES[0]))


async def used(folder):
    """Seed a box, seal it, use it and stop it, as if its plug were pulled."""
    boxkey.use(KeyAccess(passphrase=lambda: PASSPHRASE))
    core = open_core(folder, CONFIG / "embassy.toml", Nobody())
    core.close()
    (folder / "osdp-keys.json").write_text(f'{{"reader": "{OSDP}"}}')
    (folder / "cameras.json").write_text(f'{{"cam": {{"username": "u", "password": "{CAMERA}"}}}}')
    seal_folder(folder, Way.PASSPHRASE, PASSPHRASE.encode())
    core = open_core(folder, CONFIG / "embassy.toml", Nobody())
    start_up(core)

    async def eyes(cardholder, photos):
        assert photos == [PICTURE]
        return FaceMade(FaceTemplate("engine-1", "mean5", struct.pack("<128f", *VECTOR)), ("",), 1)

    admin = Admin(core, eyes)
    await admin.commands["people_import"]({"csv": rows(), "file": "people.csv", "author": "t"})
    await admin.faces.enrol("s-1", [PICTURE], "t", FaceBasis.CONSENT)
    await admin.add_operator("gil", Role.GUARD, "t")
    core.keystore.set_password("gil", PASSWORD, one_time=False)
    core.keystore.set_duress_password("gil", PASSWORD)
    building = Building(core.runtime, core.vault, core.vault, core.keystore, None, core.clock)
    token = core.keystore.card_token("H10301", f"42:{NUMBERS[0]}")
    core.runtime.handle(st.CardPresented("lobby-in", token, "H10301", 26, "00"))
    core.runtime.handle(st.PinEntered("chancery-in", core.keystore.pin_proof("s-1-badge", PINS[0])))
    await building.order("gil", UnlockOnce("lobby-door", GUEST))
    await building.order("gil", LockDoor("lobby-door"))
    await building.order("gil", StartLockdown(REASON))
    assert await building.order("gil", StartLockdown(f"{NAMES[1]} again")) is not None
    Projection(folder).catch_up()
    await core.log.append(())
    return core


@pytest.mark.timeout(120)
def test_a_box_that_is_switched_off_tells_its_finder_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(boxkey, "MEMORY_KIB", 64)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()

    async def pulled_and_stopped():
        core = await used(tmp_path / "data")
        while_running = everything(tmp_path / "data")
        core.close()
        return while_running, everything(tmp_path / "data")

    try:
        for found in asyncio.run(pulled_and_stopped()):
            assert {"ostiary.db", "keys.db", "box.sealed", "projections.db"} <= {path.name for path in found}
            for secret in seeded():
                for path, content in found.items():
                    assert secret not in content, f"{secret!r} stands in {path.name}"
    finally:
        boxkey.use(KeyAccess())
