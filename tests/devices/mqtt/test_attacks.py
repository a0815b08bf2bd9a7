"""Whoever is on the network, against a real Mosquitto: what they get, and that nobody else is disturbed by it."""

import asyncio
import contextlib
import os
import signal
import socket
import ssl

import pytest

from devices.mqtt.client import BrokerBack
from devices.mqtt.eviction import _connect, evict
from devices.mqtt.identity import context
from devices.mqtt.messages import Ack, CardEvent, DeviceState, Lifecycle, LockAction, LockCommand
from devices.mqtt.topics import Address, DeviceId
from simulators.mqtt_reader import MqttReader
from tests.certificates import authority, bundles, outlived
from tests.devices.mqtt.conftest import running
from tests.devices.mqtt.test_client import H10301, now_ms

pytestmark = pytest.mark.anyio

LOCK, READER = Address("embassy", DeviceId("lock-1")), Address("embassy", DeviceId("reader-1"))
SECONDS = 10.0
REFUSED_WITHIN = 0.3


async def tried(broker, trust, said=None):
    """What the broker answers to a CONNECT over this trust, or why there is no answer."""

    async def once():
        try:
            return await asyncio.to_thread(call)
        except OSError as error:
            return str(error).lower()

    def call():
        with socket.create_connection(("127.0.0.1", broker.port), SECONDS) as plain:
            if trust is None:
                plain.sendall(said or _connect("lock-1"))
                return plain.recv(64)
            with trust.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.settimeout(REFUSED_WITHIN)
                with contextlib.suppress(TimeoutError):  # who writes first may lose the reason that was on its way
                    return secure.recv(64)
                secure.settimeout(SECONDS)
                secure.sendall(said or _connect("lock-1"))
                return secure.recv(64)

    for _ in range(20):  # a connection that is reset takes its reason along, now and then
        answer = await once()
        if isinstance(answer, bytes) or not any(word in answer for word in ("reset", "eof", "broken pipe")):
            break
    return answer


def is_let_in(answer):
    return isinstance(answer, bytes) and answer[:1] == b" " and answer[3] == 0


async def test_who_has_a_certificate_of_ours_is_let_in(broker, bundle):
    assert is_let_in(await tried(broker, context(bundle("lock-1"))))


async def test_without_a_certificate_nobody_is(broker, bundle):
    bare = ssl.create_default_context(cafile=str(bundle("lock-1") / "ca.pem"))
    assert "certificate required" in await tried(broker, bare)


async def test_plaintext_is_no_language_here(broker):
    assert not is_let_in(await tried(broker, None))


async def test_openssl_is_told_to_wipe_what_was_read(bundle):
    assert ssl.OPENSSL_VERSION_INFO >= (3,)
    assert context(bundle("lock-1")).options & 0x2  # SSL_OP_CLEANSE_PLAINTEXT, in OpenSSL's ssl.h


async def test_tls_1_2_is_refused(broker, bundle):
    older = context(bundle("lock-1"))
    older.minimum_version = ssl.TLSVersion.TLSv1_2
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    assert "version" in await tried(broker, older)


async def test_another_authority_of_the_very_same_name_is_a_stranger(broker, bundle, tmp_path):
    foreign = bundles(authority(tmp_path / "elsewhere"), tmp_path / "forged", "lock-1") / "lock-1"
    (foreign / "ca.pem").write_bytes((bundle("lock-1") / "ca.pem").read_bytes())
    answer = await tried(broker, context(foreign))
    assert "unknown ca" in answer or "decrypt error" in answer


async def test_a_certificate_that_has_ended_lets_nobody_in(broker, signs, tmp_path):
    assert "expired" in await tried(broker, context(outlived(tmp_path / "old", "lock-1", signs)))


async def test_the_brokers_own_certificate_is_no_way_in(broker, bundle, tmp_path, signs):
    """Each certificate serves one purpose: whoever steals the broker's key is no device by it."""
    stolen = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stolen.load_verify_locations(bundle("lock-1") / "ca.pem")
    stolen.load_cert_chain(broker.bundle.parent / "broker.pem")
    assert "unsupported certificate" in await tried(broker, stolen)


async def test_a_device_is_no_broker(signs, bundle, tmp_path):
    """A device's certificate, on a broker's address, is not taken for the broker's by any client."""
    posing = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    posing.load_cert_chain(bundle("lock-1") / "cert.pem", bundle("lock-1") / "key.pem")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=posing)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ssl.SSLCertVerificationError, match=r"purpose|mismatch"):
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=context(bundle("reader-1")), server_hostname="127.0.0.1"
            )


async def test_a_user_name_and_a_password_in_the_greeting_change_nothing(listen, stranger):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        posing, answer = await stranger("lock-1", user="controller", client_id="controller")
        assert answer == "Success"
        said = await asyncio.to_thread(posing.publish, READER.topic("cmd/reader"), b"{}")
        assert said == "Not authorized"
        assert len(ears.values(BrokerBack)) == 0, "the box itself was not disturbed"


async def test_who_is_called_back_is_thrown_off_at_once_stays_out_and_nobody_else_is_disturbed(
    broker, signs, listen, lock, reader, bundle
):
    async with listen() as ears:
        await ears.hear_all(*(DeviceState(one.device, Lifecycle.READY) for one in (LOCK, READER)))
        lost = []
        reader.session._paho.on_disconnect = lambda *_: lost.append("reader")
        signs.revoke("lock-1")
        async with asyncio.timeout(3):
            await broker.refresh()
            await ears.hear(DeviceState(LOCK.device, Lifecycle.LOST))
        assert "revoked" in await tried(broker, context(bundle_of(lock)))
        await asyncio.sleep(1.0)  # it tries to come back five times a second
        assert not lock.session.connected.is_set()
        assert DeviceState(LOCK.device, Lifecycle.READY) not in ears.values(DeviceState)
        reader.present_card(*H10301)
        await ears.hear(CardEvent)
        assert lost == []
        assert not ears.values(BrokerBack)


async def test_who_holds_a_session_from_before_cannot_resume_it(broker, signs, bundle):
    trust = context(bundle("lock-1"))

    def called(trust, **options):
        plain = socket.create_connection(("127.0.0.1", broker.port), SECONDS)
        return trust.wrap_socket(plain, server_hostname="127.0.0.1", **options)

    def first():
        with called(trust) as secure:
            secure.sendall(_connect("lock-1"))
            secure.recv(64)
            return secure.session

    def again(session):
        with called(trust, session=session) as secure:
            secure.sendall(_connect("lock-1"))
            return secure.recv(64)

    session = await asyncio.to_thread(first)
    signs.revoke("lock-1")
    await broker.refresh()
    try:
        answer = await asyncio.to_thread(again, session)
    except OSError:
        answer = b""
    assert not is_let_in(answer)


async def test_who_shook_hands_before_and_greets_after_has_no_say(broker, signs, listen, bundle):
    """A connection that was opened before the call-back and kept silent: it may greet, and can do nothing."""
    async with listen() as ears:
        await ears.hear(BrokerBack)
        trust = context(bundle("lock-1"))
        _reader, writer = await asyncio.open_connection(
            "127.0.0.1", broker.port, ssl=trust, server_hostname="127.0.0.1"
        )
        await asyncio.sleep(0.2)
        signs.revoke("lock-1")
        await broker.refresh()
        topic = LOCK.topic("event/card").encode()
        card = b'{"boot":"b","seq":1,"ts":1,"bits":8,"raw":"ff"}'
        body = len(topic).to_bytes(2, "big") + topic + b"\x00\x01" + b"\x00" + card
        writer.write(_connect("lock-1") + bytes([0x32, len(body)]) + body)
        await asyncio.sleep(0.5)
        assert not ears.values(CardEvent)
        writer.close()


async def test_what_is_called_back_stays_so_when_the_broker_is_killed_and_when_it_starts_anew(broker, signs, bundle):
    trust = context(bundle("lock-1"))
    signs.revoke("lock-1")
    await broker.refresh()
    pid = broker.pid
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(SECONDS):
        while "revoked" not in str(await tried(broker, trust)):
            pass
    await broker.stop()
    await broker.start()
    assert "revoked" in await tried(broker, trust)


async def test_two_calls_within_a_second_both_count_and_a_new_certificate_lets_in_again(
    broker, signs, bundle, tmp_path
):
    """A list is newer than another by whole seconds: a second one in the same second must not be passed over."""
    trusts = [context(bundle("lock-1")), context(bundle("reader-1"))]
    for name in ("lock-1", "reader-1"):
        signs.revoke(name)
        await broker.refresh()
    for trust in trusts:
        assert "revoked" in await tried(broker, trust)
    again = context(bundles(signs, tmp_path / "again", "lock-1") / "lock-1")
    await broker.refresh()
    assert is_let_in(await tried(broker, again))
    assert "revoked" in await tried(broker, trusts[0])


async def test_after_a_new_certificate_a_device_works_as_before(broker, signs, listen, device, tmp_path):
    async with listen() as ears:
        await ears.hear(BrokerBack)
        before = device("reader-1")
        signs.revoke("reader-1")
        await broker.refresh()
        fresh = type(before)(before.address, bundles(signs, tmp_path / "again", "reader-1") / "reader-1", before.port)
        await broker.refresh()
        async with running(MqttReader(fresh)) as reader:
            await ears.hear(DeviceState(READER.device, Lifecycle.READY))
            reader.present_card(*H10301)
            await ears.hear(CardEvent)


async def test_the_boxs_own_certificates_are_made_anew_and_no_device_notices(broker, listen, lock):
    async with listen() as ears:
        await ears.hear_all(DeviceState(LOCK.device, Lifecycle.READY))
        before = (broker.bundle / "cert.pem").read_bytes()
        await broker.refresh()
        assert (broker.bundle / "cert.pem").read_bytes() != before
        ears.client.post(LOCK, LockCommand("c-1", now_ms() + 60_000, LockAction.UNLOCK, 200))
        await ears.hear(Ack)
        assert not ears.values(BrokerBack)
        ears.client._paho.socket().shutdown(socket.SHUT_RDWR)
        await ears.hear(BrokerBack)


async def test_a_device_that_is_not_there_and_a_broker_that_is_not_are_thrown_off_by_nobody(broker, signs, bundle):
    assert await evict("127.0.0.1", broker.port, bundle("lock-1"), "lock-1")
    await broker.stop()
    assert not await evict("127.0.0.1", broker.port, bundle("lock-1"), "lock-1")
    signs.revoke("lock-1")
    await broker.refresh()


def bundle_of(simulated):
    return simulated.session._device.bundle
