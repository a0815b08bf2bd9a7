"""Webhooks against a receiver that is a process of its own: signed, in order, at least once, through kills of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from controller.cli import Nobody
from controller.core import open_core, start_up
from controller.domain import stimuli as st
from controller.domain.events import WebhookAdded, WebhookUndelivered
from controller.domain.integration_orders import AddWebhook, RemoveWebhook
from controller.domain.operators import Operator, Role, UnlockOnce
from controller.posting import Unposted, post, signature, trusting
from controller.store.programs import OVERLAP
from controller.webhooks import Patience, Webhooks
from tests.certificates import authority
from tests.scenarios.test_crash import SITE

pytestmark = pytest.mark.anyio

SECONDS = 60.0
KIND = "operator_recorded"
QUICK = Patience(0.05, 0.2, 600.0)
RECEIVER = """
import hashlib, hmac, http.server, json, ssl, sys, time
port, told, secret, answer, *bundle = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), *sys.argv[5:]

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        moment, *proofs = self.headers["Ostiary-Signature"].split(",")
        wanted = hmac.new(secret.encode(), moment[2:].encode() + b"." + body, hashlib.sha256).hexdigest()
        fresh = abs(time.time() - int(moment[2:])) < 300
        right = fresh and any(hmac.compare_digest(proof, "v1=" + wanted) for proof in proofs)
        with open(told, "a") as file:
            line = {"right": right, "event": json.loads(body), "n": self.headers["Ostiary-Event"]}
            file.write(json.dumps(line) + "\\n")
        self.send_response(answer)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", port), Receiver)
if bundle:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(bundle[0])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Post:
    """A receiver: its process, and what it was told."""

    def __init__(self, tmp_path, bundle=None):
        """`bundle`: a file with certificate and key, where it speaks TLS."""
        self.file, self.port, self.process, self.secret = tmp_path / "told.jsonl", 0, None, "none"
        self.bundle = [bundle] if bundle else []

    def start(self, answer=200):
        command = [
            sys.executable,
            "-c",
            RECEIVER,
            str(self.port),
            str(self.file),
            self.secret,
            str(answer),
            *self.bundle,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    @property
    def told(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []


@pytest.fixture
def receiver(tmp_path):
    made = Post(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def site(tmp_path, receiver):
    file = tmp_path / "site.toml"
    file.write_text(f'{SITE}\n[integrations]\nwebhooks = ["http://127.0.0.1:{receiver.port}"]\n')
    return file


@contextlib.asynccontextmanager
async def running(tmp_path, site, patience=QUICK):
    core = open_core(tmp_path / "data", site, Nobody())
    start_up(core)
    hooks = Webhooks(core, lambda: authority(tmp_path).ca().decode(), patience)
    hooks.start()
    try:
        yield core, hooks
    finally:
        await hooks.stop()
        core.close()


async def until(wanted):
    async with asyncio.timeout(SECONDS):
        while not wanted():  # noqa: ASYNC110 - a process of its own tells nobody
            await asyncio.sleep(0.02)


def record(core, *names):
    for name in names:
        core.runtime.handle(st.OperatorEnrolled("test", Operator(name, Role.GUARD)))


async def hooked(core, receiver, kind=KIND, name="siem", reason="sealed:x"):
    """A webhook to the receiver, which knows its secret."""
    core.runtime.handle(st.OperatorEnrolled("test", Operator("sven", Role.SECURITY_OFFICER)))
    url = f"http{'s' if receiver.bundle else ''}://127.0.0.1:{receiver.port}/in"
    order = AddWebhook(name, url, frozenset({kind}), reason)
    await core.runtime.handle(st.Ordered("sven", order)).durable
    secret = core.keystore.programs.make_webhook_secret(name, core.clock.now().wall)
    receiver.kill()
    receiver.secret = secret
    receiver.start()


def seqs(receiver):
    return [int(one["n"]) for one in receiver.told]


async def test_every_event_is_told_in_order_through_kills_of_the_receiver_and_of_the_box(tmp_path, site, receiver):
    async with running(tmp_path, site) as (core, hooks):
        await hooked(core, receiver)
        await until(lambda: hooks.standing("siem").delivered)
        record(core, "a", "b")
        await until(lambda: len(set(seqs(receiver))) == 2)
        receiver.kill()
        record(core, "c", "d")
        await until(lambda: hooks.standing("siem").tries)
        assert "could not be reached" in hooks.standing("siem").problem
        receiver.start()
        await until(lambda: len(set(seqs(receiver))) == 4)
        receiver.kill()
        record(core, "e")
        await until(lambda: hooks.standing("siem").tries)
    async with running(tmp_path, site) as (core, hooks):
        record(core, "f")
        receiver.start()
        await until(lambda: len(set(seqs(receiver))) == 6)
        deliveries = await hooks.deliveries("siem", before=None, limit=100)
        outcomes = {one.outcome for _, one in deliveries}
    assert all(one["right"] for one in receiver.told)
    assert seqs(receiver) == sorted(seqs(receiver))
    assert {one["event"]["kind"] for one in receiver.told} == {KIND}
    assert all(one["event"]["withheld"] and one["event"]["operator"] is None for one in receiver.told)
    assert outcomes == {"delivered", "failed"}
    assert (tmp_path / "data" / "outbox.db").stat().st_mode & 0o077 == 0


async def test_only_whom_the_site_file_names_hears_of_people_and_the_log_says_why_and_the_box_what_was_told(
    tmp_path, site, receiver
):
    """The courier's name goes to one receiver, encrypted; the other hears of the door, and that more is withheld."""
    folder = tmp_path / "archive"
    folder.mkdir()
    identity = authority(tmp_path).server(["127.0.0.1"])
    bundle = folder / "bundle.pem"
    bundle.write_bytes(identity.certificate + identity.key)
    archive = Post(folder, bundle)
    archive.start()
    named, bare = f"https://127.0.0.1:{archive.port}", f"http://127.0.0.1:{receiver.port}"
    site.write_text(f'{SITE}\n[integrations]\nwebhooks = ["{named}", "{bare}"]\npersonal_data = ["{named}"]\n')
    kind = "door_unlock_ordered"
    try:
        async with running(tmp_path, site) as (core, hooks):
            why = core.vault.seal_text("reason", core.clock.now().wall.date(), "The mission's register of couriers.")
            await hooked(core, archive, kind, "archive", why)
            await hooked(core, receiver, kind, "siem")
            await until(lambda: hooks.standing("archive").delivered and hooks.standing("siem").delivered)
            whom, sealed = core.vault.seal_guest("Courier Kim")
            core.runtime.handle(st.Ordered("sven", UnlockOnce("gate", whom, sealed)))
            await until(lambda: archive.told and receiver.told)
            await until(lambda: hooks.standing("archive").delivered == core.runtime.seq)
            deliveries = await hooks.deliveries("archive", before=None, limit=10)
            added = [r.event for r in core.runtime.read(before=None, limit=50) if isinstance(r.event, WebhookAdded)]
            reasons = {one.webhook: core.vault.text(one.reason) for one in added}
    finally:
        archive.kill()
    (whole,), (withheld,) = archive.told, receiver.told
    assert whole["right"]
    assert (whole["event"]["who"]["name"], whole["event"]["operator"]) == ("Courier Kim", "sven")
    assert not whole["event"]["withheld"]
    assert (withheld["event"]["who"], withheld["event"]["operator"], withheld["event"]["withheld"]) == (
        None,
        None,
        True,
    )
    assert withheld["event"]["door"] == "gate"
    assert "Kim" not in json.dumps(withheld)
    assert reasons["archive"] == "The mission's register of couriers."
    assert [(one.number, one.outcome) for _, one in deliveries] == [(int(whole["n"]), "delivered")]


@pytest.mark.parametrize("answer", [302, 404, 500])
async def test_what_is_not_taken_is_given_up_in_the_end_and_what_follows_is_told(tmp_path, site, receiver, answer):
    async with running(tmp_path, site, Patience(0.02, 0.02, 0.0)) as (core, hooks):
        await hooked(core, receiver)
        await until(lambda: hooks.standing("siem").delivered)
        receiver.kill()
        receiver.start(answer)
        record(core, "a", "b")
        await until(lambda: hooks.standing("siem").dead == 2)
        dead = [r.event for r in core.runtime.read(before=None, limit=50) if isinstance(r.event, WebhookUndelivered)]
        assert [event.problem for event in dead] == [f"it answered {answer}"] * 2
        receiver.kill()
        receiver.start()
        record(core, "c")
        await until(lambda: hooks.standing("siem").delivered == core.runtime.seq)
    assert [one["right"] for one in receiver.told] == [True] * 3
    assert len(set(seqs(receiver))) == 3


async def test_a_removed_webhook_hears_nothing_and_a_target_that_is_no_longer_allowed_neither(tmp_path, site, receiver):
    async with running(tmp_path, site) as (core, hooks):
        await hooked(core, receiver)
        await until(lambda: hooks.standing("siem").delivered)
    site.write_text(SITE)
    async with running(tmp_path, site) as (core, hooks):
        record(core, "a")
        await until(lambda: hooks.standing("siem").tries)
        assert "does not allow" in hooks.standing("siem").problem
        core.runtime.handle(st.Ordered("sven", RemoveWebhook("siem", "sealed:x")))
        await until(lambda: hooks.standing("siem").problem is None)
        assert await hooks.deliveries("siem", before=None, limit=10) == []
    assert receiver.told == []


async def test_a_name_that_leads_into_this_machine_leads_nowhere(receiver):
    with pytest.raises(Unposted, match="name that address itself"):
        await post(f"http://localhost:{receiver.port}/in", 1, b"{}", "t=1", trusting())
    assert receiver.told == []


async def test_a_rotated_secret_signs_beside_the_one_before_for_a_day(tmp_path, site):
    core = open_core(tmp_path / "data", site, Nobody())
    try:
        programs, now = core.keystore.programs, datetime(2026, 11, 22, tzinfo=UTC)
        first = programs.make_webhook_secret("siem", now)
        second = programs.make_webhook_secret("siem", now, rotate=True)
        assert programs.webhook_secrets("siem", now + OVERLAP - timedelta(microseconds=1)) == [second, first]
        assert programs.webhook_secrets("siem", now + OVERLAP) == [second]
        signed = signature([second, first], 7, b"{}")
        assert signed.count("v1=") == 2
        assert signed.startswith("t=7,")
        stored = (tmp_path / "data" / "keys.db").read_bytes()
        assert first.encode() not in stored
        assert second.encode() not in stored
    finally:
        core.close()
