import hashlib

import pytest

from simulators.rtsp import (
    LARGEST_PAYLOAD,
    REALM,
    Packetizer,
    RequestError,
    fragments,
    is_authentic,
    parse_request,
)


def authorized(password: str, *, username: str = "ostiary", nonce: str = "n1", method: str = "DESCRIBE"):
    def md5(text):
        return hashlib.md5(text.encode()).hexdigest()

    uri = "rtsp://127.0.0.1:554/lobby"
    response = md5(f"{md5(f'{username}:{REALM}:{password}')}:{nonce}:{md5(f'{method}:{uri}')}")
    header = f'Digest username="{username}", realm="{REALM}", nonce="{nonce}", uri="{uri}", response="{response}"'
    return parse_request(f"{method} {uri} RTSP/1.0\r\nCSeq: 2\r\nAuthorization: {header}\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (authorized("secret"), True),
        (authorized("wrong"), False),
        (authorized("secret", username="other"), False),
        (authorized("secret", nonce="n0"), False),
        (parse_request(b"DESCRIBE rtsp://127.0.0.1/lobby RTSP/1.0\r\nCSeq: 2\r\n\r\n"), False),
    ],
    ids=["right", "wrong password", "other user", "old nonce", "none"],
)
def test_only_the_right_credentials_for_this_nonce_are_accepted(request_, expected):
    assert is_authentic(request_, "n1", "ostiary", "secret") is expected


def test_a_request_names_its_camera_also_by_its_track():
    request = parse_request(b"SETUP rtsp://127.0.0.1:554/lobby/track0 RTSP/1.0\r\nCSeq: 3\r\n\r\n")
    assert (request.method, request.path, request.headers["cseq"]) == ("SETUP", "lobby", "3")


@pytest.mark.parametrize("head", [b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe\r\n\r\n"])
def test_nonsense_is_no_request(head):
    with pytest.raises(RequestError):
        parse_request(head)


def test_a_long_nal_unit_is_fragmented_and_comes_together_again():
    nal = b"\x65" + bytes(range(256)) * 20
    pieces = fragments(nal)
    assert all(len(piece) <= LARGEST_PAYLOAD for piece in pieces)
    assert [piece[1] & 0xC0 for piece in pieces] == [0x80, *[0] * (len(pieces) - 2), 0x40]
    assert {piece[0] for piece in pieces} == {0x60 | 28}
    assert bytes([pieces[0][0] & 0xE0 | pieces[0][1] & 0x1F]) + b"".join(piece[2:] for piece in pieces) == nal
    assert fragments(nal[:LARGEST_PAYLOAD]) == [nal[:LARGEST_PAYLOAD]]


def test_the_last_packet_of_a_picture_carries_the_marker_and_numbers_go_on():
    packetizer = Packetizer(channel=0, ssrc=1, sequence=0xFFFF)
    packets = [*packetizer.packets((b"\x67a", b"\x65b"), 1.0), *packetizer.packets((b"\x41c",), 1.125)]
    assert [packet[:2] for packet in packets] == [b"$\x00"] * 3
    assert [packet[5] >> 7 for packet in packets] == [0, 1, 1]
    assert [int.from_bytes(packet[6:8], "big") for packet in packets] == [0xFFFF, 0, 1]
    assert [int.from_bytes(packet[8:12], "big") for packet in packets] == [90_000, 90_000, 101_250]
