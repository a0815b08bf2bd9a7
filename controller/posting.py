"""One event to one webhook: signed, to an address the site file allows, and to no other that its name may lead to."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

TIMEOUT_SECONDS = 10.0
SIGNATURE = "Ostiary-Signature"
NUMBER = "Ostiary-Event"


class Unposted(Exception):
    """It was not told; the sentence says why. ``status``: what was answered, if anything was."""

    def __init__(self, problem: str, status: int | None = None) -> None:
        super().__init__(problem)
        self.status = status


def signature(secrets: Iterable[str], moment: int, body: bytes) -> str:
    """Return the header that proves who sent this and when: HMAC-SHA-256 over ``MOMENT.BODY``, one for each secret."""
    said = f"{moment}.".encode() + body
    proofs = (hmac.new(secret.encode(), said, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={moment}", *(f"v1={proof}" for proof in proofs)])


def trusting(*authorities: str) -> ssl.SSLContext:
    """Return what trusts these authorities alone (PEM)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for authority in authorities:
        context.load_verify_locations(cadata=authority)
    return context


async def post(url: str, number: int, body: bytes, signed: str, trusts: ssl.SSLContext) -> int:
    """Post one event, follow nothing, and return the status of success. Raises ``Unposted``."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    address = await _address(host, parts.port or (443 if parts.scheme == "https" else 80))
    at = httpx.URL(url).copy_with(host=address)
    headers = {"Host": parts.netloc, "Content-Type": "application/json", SIGNATURE: signed, NUMBER: str(number)}
    client = httpx.AsyncClient(verify=trusts, trust_env=False, follow_redirects=False, timeout=TIMEOUT_SECONDS)
    try:
        async with client, asyncio.timeout(TIMEOUT_SECONDS):
            request = client.build_request("POST", at, content=body, headers=headers, extensions={"sni_hostname": host})
            answer = await client.send(request, stream=True)  # what it says besides its status is not read
            await answer.aclose()
    except (httpx.HTTPError, TimeoutError, OSError) as error:
        raise Unposted(f"{type(error).__name__}: it could not be reached") from error
    if not answer.is_success:
        raise Unposted(f"it answered {answer.status_code}", answer.status_code)
    return answer.status_code


async def _address(host: str, port: int) -> str:
    """Return where to connect. A name that leads into this machine, or to a neighbour's link, leads nowhere."""
    try:
        return str(ipaddress.ip_address(host))  # named so in the site file, whatever it is
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unposted(f"{host} has no address") from error
    addresses = [str(each[4][0]) for each in found]
    fit = [address for address in addresses if _is_elsewhere(address)]
    if not fit:
        raise Unposted(f"{host} leads to {', '.join(addresses)}: name that address itself in the site file")
    return fit[0]


def _is_elsewhere(address: str) -> bool:
    known = ipaddress.ip_address(address)
    mapped = getattr(known, "ipv4_mapped", None)
    known = mapped or known
    return not (known.is_loopback or known.is_link_local or known.is_multicast or known.is_unspecified)
