"""RTSP 1.0 (RFC 2326) on the wire: requests, Digest authentication (RFC 2617), H.264 in RTP (RFC 6184). Pure.

Only what a camera needs: one video track, interleaved in the TCP connection.
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
LARGEST_PAYLOAD = 1400
"""Bytes of H.264 in one RTP packet; longer NAL units are fragmented (FU-A)."""
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
        return re.sub(r"^rtsp://[^/]*", "", self.url).strip("/").partition("/")[0].partition("?")[0]


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


def describe(url: str, parameter_sets: tuple[bytes, bytes], fps: int) -> bytes:
    """Return the SDP of one H.264 track (RFC 4566, RFC 6184 section 8)."""
    sps, pps = parameter_sets
    sets = ",".join(base64.b64encode(one).decode() for one in (sps, pps))
    return (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
        f"a=control:{url}\r\nm=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_RATE}\r\n"
        f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={sps[1:4].hex()};sprop-parameter-sets={sets}\r\n"
        f"a=framerate:{fps}\r\na=control:track0\r\n"
    ).encode()


@dataclass(slots=True)
class Packetizer:
    """Turns pictures into interleaved RTP packets of one stream; keeps the sequence number."""

    channel: int
    ssrc: int
    sequence: int = 0

    def packets(self, picture: tuple[bytes, ...], seconds: float) -> Iterator[bytes]:
        """Yield a picture's packets, captured at `seconds`; the last one carries the marker."""
        timestamp = int(seconds * CLOCK_RATE) & 0xFFFFFFFF
        payloads = [payload for nal in picture for payload in fragments(nal)]
        for payload in payloads:
            marker = 0x80 if payload is payloads[-1] else 0
            header = struct.pack(">BBHII", 0x80, marker | PAYLOAD_TYPE, self.sequence, timestamp, self.ssrc)
            self.sequence = (self.sequence + 1) & 0xFFFF
            yield struct.pack(">cBH", b"$", self.channel, len(header) + len(payload)) + header + payload


def fragments(nal: bytes) -> list[bytes]:
    """Return a NAL unit as RTP payloads: itself, or FU-A fragments (RFC 6184, 5.8)."""
    if len(nal) <= LARGEST_PAYLOAD:
        return [nal]
    indicator, kind = (nal[0] & 0xE0) | 28, nal[0] & 0x1F
    pieces = [nal[start : start + LARGEST_PAYLOAD - 2] for start in range(1, len(nal), LARGEST_PAYLOAD - 2)]
    flags = [0] * len(pieces)
    flags[0], flags[-1] = 0x80, 0x40
    return [bytes((indicator, flag | kind)) + piece for flag, piece in zip(flags, pieces, strict=True)]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()  # RFC 2617 knows no other
