"""Throws a device off the broker: MQTT lets whoever comes under its client id take its session over (5.0, 3.1.4-3).

Mosquitto reads a new revocation list for new connections and lets the old ones be. The authority that called a device
back can sign one moment's certificate in its name: the broker closes the device's connection for it, publishes its last
will, and forgets its session.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Final

from devices.mqtt.identity import context

SECONDS: Final = 2.0
_CLEAN_START: Final = 0x02
_PROTOCOL: Final = b"\x00\x04MQTT\x05"
_KEEPALIVE: Final = b"\x00\x0a"
_NO_PROPERTIES: Final = b"\x00"
_DISCONNECT: Final = b"\xe0\x00"


async def evict(host: str, port: int, bundle: Path, device: str) -> bool:
    """Take a device's place for a moment; say whether the broker let it happen. A broker that is away has no guests."""
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=context(bundle), server_hostname=host)
            try:
                writer.write(_connect(device))
                accepted = await reader.readexactly(4)
                writer.write(_DISCONNECT)
                await writer.drain()
            finally:
                writer.close()
    except (OSError, ssl.SSLError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return accepted[3] == 0


def _connect(device: str) -> bytes:
    name = device.encode()
    body = _PROTOCOL + bytes([_CLEAN_START]) + _KEEPALIVE + _NO_PROPERTIES + len(name).to_bytes(2, "big") + name
    return bytes([0x10, len(body)]) + body
