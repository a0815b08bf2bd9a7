"""Erased from memory too: a box that runs, whose process is then read like a file.

Name, card, PIN and face of two people go through the real thing: imported over its socket, enrolled, shown at a reader
on the wire, read by an operator, and sent to every screen. One of them is erased; the other shows that the search sees.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import struct
import sys
from pathlib import Path

import psutil
import pytest

from controller.admin import Admin
from controller.control import ask
from controller.core import open_core
from controller.domain.ids import CardholderId
from controller.domain.operators import Role
from devices.cards import BUILT_IN, encode
from devices.mqtt.topics import Address, DeviceId
from devices.mqtt.waiting import forget
from simulators.mqtt_reader import MqttReader
from simulators.mqtt_session import Device
from tests.certificates import certified
from tests.scenarios.test_crash import READERS, SITE, free_port

pytestmark = [pytest.mark.anyio, pytest.mark.scenario]

PASSWORD = "an operator's own password"
PATIENCE = 60.0
HEAD = "id,name,kind,clearance,levels,badge_format,facility,number,assurance,status,valid_from,valid_until,pin,face"
ERASED, KEPT = "p-1", "p-2"
NAMES = {ERASED: "Zebulon Quackenbush-Thistlethwaite", KEPT: "Barnabas Wigglesworth-Featherstone"}
NUMBERS = {ERASED: (51_337, 389_131), KEPT: (48_611, 271_829)}
PINS = {ERASED: "73190426", KEPT: "60518273"}
FACES = {who: tuple((index + start) / 7 for index in range(128)) for who, start in ((ERASED, 1000), (KEPT, 3000))}

PLANTED = b"here-to-be-found"
"""What the box holds on purpose: the search sees it."""

BOX = """
import asyncio, struct, sys
from pathlib import Path
from controller.bootstrap import Box, Ports
from controller.domain.faces import FaceBasis
from controller.runtime.ports import FaceMade, FaceTemplate
from tests.certificates import certified

planted = "-".join(["here", "to", "be", "found"])

async def main(folder, site, port):
    async with Box(Path(folder), Path(site), Ports(mqtt=int(port), console=False)) as box:
        async def eyes(cardholder, photos):
            start = int(photos[0])
            vector = struct.pack("<128f", *((n + start) / 7 for n in range(128)))
            return FaceMade(FaceTemplate("e", "mean5", vector), ("",), 1)

        box.admin.faces._enroller = eyes
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            who, start = line.split()
            await box.admin.faces.enrol(who, [start.encode()], "t", FaceBasis.CONSENT)
            vector = box.core.vault.template(who)
            print("enrolled", len(vector.vector), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def rows():
    lines = [
        f'{who},"{NAMES[who]}",staff,0,all,H10304,{NUMBERS[who][0]},{NUMBERS[who][1]},copyable,active,,,{PINS[who]},'
        for who in (ERASED, KEPT)
    ]
    return "\n".join([HEAD, *lines])


def secrets_of(who):
    """Everything that says who this is, in each form a process may hold it."""
    facility, number = NUMBERS[who]
    _, raw = encode(BUILT_IN["H10304"], facility, number)
    yield from (NAMES[who].split()[1].encode(codec) for codec in ("utf-8", "utf-16-le", "utf-32-le"))
    yield from (text.encode() for text in (PINS[who], f"{facility}:{number}", raw.hex(), raw.hex().upper()))
    yield raw
    yield from (struct.pack(code, *FACES[who][1:9]) for code in ("<8f", "<8d"))


def memory_of(pid):
    """Yield every private mapping of a process that can be read and written: its start and its bytes."""
    mapped = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw.p \S+ \S+ \S+\s*(.*)")
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if (found := mapped.match(line)) and found[3] not in ("[vvar]", "[vsyscall]"):
                start, end = int(found[1], 16), int(found[2], 16)
                with contextlib.suppress(OSError):
                    memory.seek(start)
                    yield f"{found[3]} {start:x}", memory.read(end - start)


def found_in(pid, secrets):
    """What of these stands in the memory of the box and of its children (the broker, the eyes), and where."""
    box = psutil.Process(pid)
    return [
        (secret, each.name(), where, content[max(0, at - 80) : at + 80])
        for each in (box, *box.children(recursive=True))
        for where, content in memory_of(each.pid)
        for secret in secrets
        if (at := content.find(secret)) >= 0
    ]


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def said(box, word):
    while not (line := await box.stdout.readline()).startswith(word):
        assert line, "the box ended"


async def prepared(folder, site, port):
    class Nobody:
        def post(self, _):
            pass

    core = open_core(folder, site, Nobody())
    admin = Admin(core)
    for name, role in (
        ("dora", Role.DATA_PROTECTION_OFFICER),
        ("sven", Role.SECURITY_OFFICER),
        ("sue", Role.SUPERVISOR),
    ):
        await admin.add_operator(name, role, "t")
        core.keystore.set_password(name, PASSWORD, one_time=False)
    own = certified(core, folder.parent / "bundles", *READERS, "gate-lock")
    core.close()
    return MqttReader(Device(Address("crash", DeviceId(READERS[0])), own / READERS[0], port))


async def used(folder, box, reader):
    """Both people go through everything."""
    asked = {"author": "t", "operator": "dora", "password": PASSWORD}
    done = await ask(folder, "people_import", csv=rows(), file="people.csv", author="t")
    assert done["new"] == len(NAMES)
    for who, vector in FACES.items():
        box.stdin.write(f"{who} {round(vector[0] * 7)}\n".encode())
        await said(box, b"enrolled")
        reader.present_card(*encode(BUILT_IN["H10304"], *NUMBERS[who]))
        reader.type_pin(PINS[who])
        fields = {"scope": "person", "purpose": "audit", "case": "", "cardholder": who}
        read = await ask(folder, "people_read", **asked, fields=fields)
        assert read["people"][0]["name"] == NAMES[who]
    async with asyncio.timeout(PATIENCE):
        while reader.session._outbox or not reader.session.connected.is_set():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def erased(folder, who):
    for operator in ("dora", "sven"):
        given = {"order": "erase", "fields": {"cardholder": who, "reason": "asked"}, "author": "t"}
        done = await ask(folder, "record_order", **given, operator=operator, password=PASSWORD)
    assert done["done"]


@pytest.mark.timeout(180)
async def test_who_is_erased_is_in_the_memory_of_no_process_of_the_box(tmp_path):
    folder, site, port = tmp_path / "box", tmp_path / "site.toml", free_port()
    site.write_text(SITE.replace('formats = ["H10301"]', 'formats = ["H10304"]'))
    reader = await prepared(folder, site, port)
    running = asyncio.create_task(reader.run())
    box = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BOX, str(folder), str(site), str(port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await said(box, b"ready")
        await used(folder, box, reader)
        await erased(folder, CardholderId(ERASED))
        wanted, until = [*secrets_of(ERASED), PLANTED], asyncio.get_running_loop().time() + PATIENCE
        left = found_in(box.pid, wanted)
        while {secret for secret, *_ in left} != {PLANTED} and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(1.0)
            left = found_in(box.pid, wanted)
        assert {secret for secret, *_ in left} == {PLANTED}, left
    finally:
        box.kill()
        await box.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        forget(folder / "broker")
