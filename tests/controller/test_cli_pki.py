"""``ostiary pki`` on a box that stands still and on one that runs: what it prints, writes, records and refuses."""

from __future__ import annotations

import asyncio
import stat
import sys

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from typer.testing import CliRunner

from controller.bootstrap import Box, Ports
from controller.cli import Nobody, app
from controller.core import open_core, start_up
from controller.domain.events import CertificateIssued, CertificateRevoked
from controller.pki import bundle
from controller.store.history import History
from controller.store.place import log_place
from devices.mqtt.topics import Address, DeviceId
from devices.mqtt.waiting import forget
from simulators.mqtt_reader import MqttReader
from simulators.mqtt_session import Device
from tests.scenarios.test_crash import SITE

LOCK, READER = "gate-lock", "gate-reader-in"
SECONDS = 20.0


@pytest.fixture(autouse=True)
def as_before():
    yield
    structlog.reset_defaults()


@pytest.fixture
def site(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(SITE)
    return file


@pytest.fixture
def data(tmp_path):
    yield tmp_path / "data"
    forget(tmp_path / "data" / "broker")


@pytest.fixture
def ostiary(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ostiary(*arguments):
        done = CliRunner().invoke(app, [*arguments, "--data", str(data)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return ostiary


@pytest.fixture
def stopped(data, site):
    """A box that was started once, and stands still."""

    async def once():
        core = open_core(data, site, Nobody())
        start_up(core)
        core.close()

    asyncio.run(once())
    return data


async def beside(data, *arguments):
    """The command line beside a running box, in a process of its own; its exit code."""
    command = sys.executable, "-c", "from controller.cli import main; main()"
    process = await asyncio.create_subprocess_exec(*command, "pki", *arguments, "--data", str(data))
    return await process.wait()


def recorded(data, kind):
    return [record.event for record in History(log_place(data)).records() if isinstance(record.event, kind)]


def test_a_devices_bundle_is_written_recorded_and_listed(ostiary, stopped, tmp_path):
    assert "the authority is made, until 20" in ostiary("pki", "init").output
    done = ostiary("pki", "issue", LOCK)
    assert done.exit_code == 0
    assert "whoever has key.pem is the device" in done.output
    key = tmp_path / LOCK / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    made = x509.load_pem_x509_certificate((tmp_path / LOCK / "cert.pem").read_bytes())
    made.verify_directly_issued_by(x509.load_pem_x509_certificate((tmp_path / LOCK / "ca.pem").read_bytes()))
    [event] = recorded(stopped, CertificateIssued)
    assert (event.device, int(event.serial, 16), event.until) == (LOCK, made.serial_number, made.not_valid_after_utc)
    assert event.author.endswith("at the box")
    listed = ostiary("pki", "list").output
    assert f"{LOCK:<24} valid        until {event.until:%Y-%m-%d}  {event.serial}" in listed
    assert f"{READER:<24} none: `ostiary pki issue {READER}`" in listed
    secret = key.read_bytes()
    assert not any(secret in path.read_bytes() for path in stopped.rglob("*") if path.is_file()), "kept nowhere"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("issue", LOCK), f"{LOCK} has a certificate until"),
        (("issue", "lock-9"), "the policy has no MQTT device lock-9; it knows gate-lock, gate-reader-in"),
        (("renew", READER), f"{READER} has no certificate to renew"),
        (("revoke", READER), "it was never given one"),
        (("revoke", "lock-9"), "it was never given one"),
        (("init",), "there is an authority already"),
        (("issue", READER, "--to", "taken"), "taken holds a bundle already"),
        (("issue", READER, "--csr", "site.toml"), "that is no signing request"),
        (("issue", READER, "--csr", "nowhere.csr"), "nowhere.csr"),
    ],
)
def test_each_slip_has_its_sentence_and_writes_nothing(ostiary, stopped, arguments, said):
    ostiary("pki", "init")
    ostiary("pki", "issue", LOCK, "--to", "taken")
    refused = ostiary("pki", *arguments)
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert not (stopped.parent / READER).exists()
    assert len(recorded(stopped, CertificateIssued)) == 1


@pytest.mark.parametrize("command", ["list", "issue", "revoke", "renew"])
def test_without_an_authority_it_says_how_to_make_one(ostiary, stopped, command):
    refused = ostiary("pki", command, *([] if command == "list" else [LOCK]))
    assert (refused.exit_code, "`ostiary pki init`" in refused.stderr) == (2, True)


def test_the_key_may_stay_in_the_device(ostiary, stopped, tmp_path):
    ostiary("pki", "init")
    key, request = bundle.request(LOCK)
    (tmp_path / "lock.csr").write_bytes(request)
    assert ostiary("pki", "issue", LOCK, "--csr", "lock.csr", "--to", "back").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "back").iterdir()) == ["ca.pem", "cert.pem"]
    made = x509.load_pem_x509_certificate((tmp_path / "back" / "cert.pem").read_bytes())
    assert made.public_key() == key.public_key()


def test_renewing_leaves_the_first_until_its_end_and_revoking_takes_both(ostiary, stopped):
    ostiary("pki", "init")
    ostiary("pki", "issue", LOCK)
    assert ostiary("pki", "renew", LOCK, "--to", "next").exit_code == 0
    assert ostiary("pki", "list").output.count(" valid ") == 2
    assert "called back" in ostiary("pki", "revoke", LOCK).output
    assert ostiary("pki", "list").output.count(" revoked ") == 2
    assert len(recorded(stopped, CertificateRevoked)) == 2


def test_the_authority_is_handed_out_with_its_fingerprint(ostiary, stopped, tmp_path):
    ostiary("pki", "init")
    told = ostiary("pki", "ca", "--to", "ca.pem").output
    made = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    assert made.fingerprint(SHA256()).hex(":").upper() in told
    assert ostiary("pki", "ca").output == (tmp_path / "ca.pem").read_text()


@pytest.mark.anyio
async def test_beside_a_running_box_a_device_comes_in_is_called_back_and_comes_in_again(data, site, tmp_path):
    async with Box(data, site, Ports(console=False)) as box:

        def is_online():
            return box.core.runtime.state.device(DeviceId(READER)).online

        async def until(wanted):
            async with asyncio.timeout(SECONDS):
                while is_online() is not wanted:  # noqa: ASYNC110 - the state tells nobody
                    await asyncio.sleep(0.02)

        async def lived(folder):
            reader = MqttReader(Device(Address("crash", DeviceId(READER)), tmp_path / folder, box.broker.port))
            return asyncio.create_task(reader.run()), reader

        assert await beside(data, "issue", READER, "--to", str(tmp_path / READER)) == 0
        first, _ = await lived(READER)
        await until(True)
        assert await beside(data, "revoke", READER) == 0
        assert is_online() is False, "when the command returns, it is out"
        await asyncio.sleep(1.0)
        assert is_online() is False
        assert await beside(data, "issue", READER, "--to", str(tmp_path / "again")) == 0
        second, _ = await lived("again")
        await until(True)
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
    assert len(recorded(data, CertificateRevoked)) == 1


@pytest.mark.anyio
async def test_who_was_called_back_stays_out_after_a_restart_though_the_broker_remembers_it(data, site, tmp_path):
    async with Box(data, site, Ports(console=False)) as box:
        await box.pki.equip(tmp_path / "bundles", "test")
        reader = MqttReader(Device(Address("crash", DeviceId(READER)), tmp_path / "bundles" / READER, box.broker.port))
        task = asyncio.create_task(reader.run())
        await asyncio.wait_for(reader.session.connected.wait(), SECONDS)
        await box.pki.revoke(READER, "test")
    async with Box(data, site, Ports(console=False, mqtt=box.broker.port)) as box:
        await asyncio.sleep(1.5)
        assert not box.core.runtime.state.device(DeviceId(READER)).online
        assert not reader.session.connected.is_set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.anyio
async def test_a_folder_from_before_certificates_starts_and_says_whom_to_give_one(data, site, capsys):
    (data / "broker").mkdir(parents=True)
    (data / "broker" / "credentials.json").write_text('{"gate-lock": "a password of its own"}')
    async with Box(data, site, Ports(console=False)):
        pass
    assert not (data / "broker" / "credentials.json").exists()
    said = capsys.readouterr().out
    assert "without a certificate, and so without a say: gate-lock, gate-reader-in, gate-reader-out" in said
    assert "`ostiary pki issue DEVICE`" in said


@pytest.fixture
def anyio_backend():
    return "asyncio"
