"""RTSP 1.0 (RFC 2326) on the wire: requests, Digest authentication (RFC 2617), H.264 and H.265 in RTP. Pure.

Only what a camera needs: one video track, interleaved in the TCP connection or beside it by UDP (RFC 6184, RFC 7798).
"""

import base64
import hashlib
import hmac
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

REALM = "camera"
CLOCK_RATE = 90_000
PAYLOAD_TYPE = 96
TRACK = "track0"
LARGEST_PAYLOAD = 1400
"""Bytes of video in one RTP packet; longer NAL units are fragmented (FU-A)."""
REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    461: "Unsupported Transport",
    501: "Not Implemented",
}


class RequestError(ValueError):
    """Not an RTSP request."""


@dataclass(frozen=True, slots=True)
class Request:
    """A method, a URL and headers (names in lower case)."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """Return the first part of the URL's path: the camera."""
        return self._parts[0]

    @property
    def stream(self) -> str:
        """Return the second part of the URL's path: which stream of the camera; empty for its large one."""
        return self._parts[1] if len(self._parts) > 1 and self._parts[1] != TRACK else ""

    @property
    def _parts(self) -> list[str]:
        return re.sub(r"^rtsp://[^/]*", "", self.url).partition("?")[0].strip("/").split("/")


@dataclass(frozen=True, slots=True)
class Response:
    """A status with headers and a body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def parse_request(head: bytes) -> Request:
    """Read a request's head, up to and with the empty line; raises RequestError."""
    first, *lines = head.decode("utf-8", "replace").rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] != "RTSP/1.0":
        raise RequestError(f"not an RTSP request: {first!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(words[0], words[1], headers)


def to_bytes(response: Response, cseq: str) -> bytes:
    """Return the response as it goes on the wire, in answer to the request numbered `cseq`."""
    headers = {
        "CSeq": cseq,
        **response.headers,
        **({"Content-Length": str(len(response.body))} if response.body else {}),
    }
    lines = [f"RTSP/1.0 {response.status} {REASONS[response.status]}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + response.body


def challenge(nonce: str) -> Response:
    """Ask for Digest credentials."""
    return Response(401, {"WWW-Authenticate": f'Digest realm="{REALM}", nonce="{nonce}", algorithm="MD5"'})


def is_authentic(request: Request, nonce: str, username: str, password: str) -> bool:
    """Return whether the request's Authorization header proves the password for this nonce (RFC 2617, 3.2.2)."""
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', request.headers.get("authorization", "")))
    secret = _md5(f"{username}:{REALM}:{password}")
    asked = _md5(f"{request.method}:{given.get('uri', '')}")
    expected = _md5(f"{secret}:{nonce}:{asked}")
    named = given.get("username") == username and given.get("nonce") == nonce
    return hmac.compare_digest(given.get("response", ""), expected) and named


def describe(url: str, parameter_sets: tuple[bytes, ...], fps: int) -> bytes:
    """Return the SDP of one track (RFC 4566): H.264 for an SPS and a PPS (RFC 6184, 8), H.265 for a VPS before them."""
    sets = [base64.b64encode(one).decode() for one in parameter_sets]
    if len(sets) == 3:  # RFC 7798, 7.1
        codec, known = (
            "H265",
            ";".join(f"sprop-{name}={one}" for name, one in zip(("vps", "sps", "pps"), sets, strict=True)),
        )
    else:
        profile = parameter_sets[0][1:4].hex()
        codec = "H264"
        known = f"packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={','.join(sets)}"
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
        f"a=control:{url}\r\nm=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} {codec}/{CLOCK_RATE}\r\n"
        f"a=fmtp:{PAYLOAD_TYPE} {known}\r\n"
        f"a=framerate:{fps}\r\na=control:{TRACK}\r\n"
    ).encode()


@dataclass(slots=True)
class Packetizer:
    """Turns pictures into RTP packets of one stream; keeps the sequence number.

    ``channel`` is that of the TCP connection; None: the packets go by UDP, each by itself.
    """

    channel: int | None
    ssrc: int
    sequence: int = 0
    h265: bool = False

    def packets(self, picture: tuple[bytes, ...], seconds: float) -> Iterator[bytes]:
        """Yield a picture's packets, captured at `seconds`; the last one carries the marker."""
        timestamp = int(seconds * CLOCK_RATE) & 0xFFFFFFFF
        cut = fragments_h265 if self.h265 else fragments
        payloads = [payload for nal in picture for payload in cut(nal)]
        for payload in payloads:
            marker = 0x80 if payload is payloads[-1] else 0
            header = struct.pack(">BBHII", 0x80, marker | PAYLOAD_TYPE, self.sequence, timestamp, self.ssrc)
            self.sequence = (self.sequence + 1) & 0xFFFF
            packet = header + payload
            yield packet if self.channel is None else struct.pack(">cBH", b"$", self.channel, len(packet)) + packet


def fragments(nal: bytes) -> list[bytes]:
    """Return a NAL unit of H.264 as RTP payloads: itself, or FU-A fragments (RFC 6184, 5.8)."""
    if len(nal) <= LARGEST_PAYLOAD:
        return [nal]
    return _cut(nal, 1, bytes(((nal[0] & 0xE0) | 28,)), nal[0] & 0x1F)


def fragments_h265(nal: bytes) -> list[bytes]:
    """Return a NAL unit of H.265 as RTP payloads: itself, or fragmentation units (RFC 7798, 4.4.3)."""
    if len(nal) <= LARGEST_PAYLOAD:
        return [nal]
    return _cut(nal, 2, bytes(((nal[0] & 0x81) | 49 << 1, nal[1])), nal[0] >> 1 & 0x3F)


def _cut(nal: bytes, header: int, indicator: bytes, kind: int) -> list[bytes]:
    """Cut what follows the header; before each piece come the indicator, start and end flags, and the unit's kind."""
    step = LARGEST_PAYLOAD - len(indicator) - 1
    pieces = [nal[start : start + step] for start in range(header, len(nal), step)]
    flags = [0] * len(pieces)
    flags[0], flags[-1] = 0x80, 0x40
    return [indicator + bytes((flag | kind,)) + piece for flag, piece in zip(flags, pieces, strict=True)]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # RFC 2617 knows no other
