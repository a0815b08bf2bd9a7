"""The console over TLS: who trusts the box's authority gets in, by TLS 1.3, under the names that the policy says."""

import asyncio
import contextlib
import socket
import ssl
from datetime import timedelta

import httpx
import pytest
from cryptography import x509
from typer.testing import CliRunner

from api.app import create_app
from api.server import ApiServer
from controller.bootstrap import Box, Ports
from controller.cli import app
from controller.console_tls import ConsoleTls, answers_to, in_a_host_header, is_loopback
from controller.control import ask
from controller.pki.authority import utc_now
from devices.mqtt.waiting import forget
from tests.api.consoles import PATIENCE, listening
from tests.api.fakes import FakeFacade, sign_in
from tests.certificates import authority
from tests.scenarios.test_crash import SITE

BOX_NAME = "ostiary.mission.example"
NAMES = answers_to([BOX_NAME], "127.0.0.1")

pytestmark = pytest.mark.anyio


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
def signs(tmp_path):
    return authority(tmp_path)


@contextlib.asynccontextmanager
async def served(tls):
    server = ApiServer(
        create_app(FakeFacade(), static=None, hosts=lambda: in_a_host_header(NAMES)), "127.0.0.1", 0, tls=tls.context
    )
    port = await server.start()
    try:
        yield port
    finally:
        await server.stop()


def trusting(signs):
    return ssl.create_default_context(cadata=signs.ca().decode())


def shown(port, context, name=BOX_NAME):
    """Shake hands, and return the certificate that was shown and the version that was agreed."""
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, server_hostname=name) as wire:
        return x509.load_der_x509_certificate(wire.getpeercert(binary_form=True)), wire.version()


async def test_who_trusts_the_authority_gets_in_by_tls_1_3_and_stays_on_https(signs):
    tls = ConsoleTls(signs, lambda: NAMES)
    async with served(tls) as port, httpx.AsyncClient(verify=trusting(signs), timeout=PATIENCE) as client:
        client.base_url = f"https://127.0.0.1:{port}"
        await sign_in(client)
        answer = await client.get("/api/me")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert [cookie.name for cookie in client.cookies.jar if cookie.secure] == ["__Host-ostiary_session"]
        for name in NAMES:
            certificate, version = await asyncio.to_thread(shown, port, trusting(signs), name)
            assert version == "TLSv1.3"
        assert certificate.not_valid_after_utc - utc_now() > timedelta(days=80)


async def test_older_tls_plain_http_strangers_and_other_names_get_nothing(signs, tmp_path):
    older, stranger = trusting(signs), trusting(authority(tmp_path / "stranger"))
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    async with served(ConsoleTls(signs, lambda: NAMES)) as port:
        for context, name in ((older, BOX_NAME), (stranger, BOX_NAME), (trusting(signs), "other.example")):
            with pytest.raises(ssl.SSLError):
                await asyncio.to_thread(shown, port, context, name)
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(f"http://127.0.0.1:{port}/api/health")


async def test_a_new_certificate_counts_from_the_next_connection_and_no_open_stream_ends(signs):
    names = [BOX_NAME]
    tls = ConsoleTls(signs, lambda: answers_to(names, "0.0.0.0"))
    async with served(tls) as port, httpx.AsyncClient(verify=trusting(signs), timeout=PATIENCE) as client:
        client.base_url = f"https://localhost:{port}"
        await sign_in(client)
        first, _ = await asyncio.to_thread(shown, port, trusting(signs))
        async with listening(client) as console:
            await console.until("view")
            names.append("second.example")
            tls.renew()
            second, _ = await asyncio.to_thread(shown, port, trusting(signs), "second.example")
            await console.until("beat")
    assert first.serial_number != second.serial_number
    assert first.public_key() != second.public_key()


def test_its_names_are_loopbacks_where_it_listens_and_what_it_is_called():
    assert answers_to(["Box.Example", "::1"], "192.0.2.5") == (
        *("localhost", "127.0.0.1", "::1"),
        *("192.0.2.5", "box.example"),
    )
    assert answers_to([], "0.0.0.0") == answers_to([], "::") == ("localhost", "127.0.0.1", "::1")
    assert in_a_host_header(["::1", "box.example"]) == {"[::1]", "box.example"}


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        *((host, True) for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "192.0.2.5", "box.example", "")),
    ],
)
def test_plain_http_is_for_this_machine_alone(host, alone, tmp_path):
    assert is_loopback(host) is alone
    if not alone:
        asked = ["run", "--site", "none.toml", "--data", str(tmp_path), "--host", host, "--plain-http"]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 2
        assert "for loopback alone" in done.output


async def test_a_whole_box_serves_https_under_the_policys_names_and_its_authority_is_handed_out(data, site):
    site.write_text(site.read_text() + f'\n[console]\nnames = ["{BOX_NAME}"]\n')
    async with Box(data, site, Ports(console=False, names=("also.example",))) as box:
        assert box.url == f"https://127.0.0.1:{box.port}"
        trusts = ssl.create_default_context(cadata=box.ca)
        async with httpx.AsyncClient(verify=trusts, timeout=PATIENCE) as client:
            codes = {
                host: (await client.get(f"{box.url}/api/health", headers={"Host": host})).status_code
                for host in (BOX_NAME, "also.example", "other.example")
            }
        for name in (BOX_NAME, "also.example"):
            await asyncio.to_thread(shown, box.port, trusts, name)
        before, _ = await asyncio.to_thread(shown, box.port, trusts)
        await box._renew_certificates()
        after, _ = await asyncio.to_thread(shown, box.port, trusts)
        told = await ask(data, "pki_ca")
        assert told["ca"] == box.ca
    assert codes == {BOX_NAME: 200, "also.example": 200, "other.example": 421}
    assert before.serial_number != after.serial_number


async def test_on_loopback_a_flag_leaves_tls_out(data, site):
    async with Box(data, site, Ports(console=False, plain_http=True)) as box, httpx.AsyncClient() as client:
        answer = await client.get(f"{box.url}/api/health")
    assert box.url.startswith("http://")
    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers
