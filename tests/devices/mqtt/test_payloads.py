"""The contract without a wire: every payload becomes a value or a reason."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.mqtt.messages import (
    Ack,
    AckResult,
    CardEvent,
    Description,
    DeviceState,
    DirectionWord,
    DoorState,
    DoorWord,
    InputEvent,
    InputWord,
    KeyEvent,
    KeyState,
    KeyWord,
    Lifecycle,
    LockAction,
    LockCommand,
    LockState,
    LockWord,
    LoopState,
    LoopWord,
    Malformed,
    OtherContract,
    Power,
    PowerWord,
    ReaderCommand,
    ReaderSignal,
    RexEvent,
    RotationEvent,
    Tamper,
    TamperWord,
)
from devices.mqtt.payloads import (
    MAX_PAYLOAD,
    encode_ack,
    encode_card,
    encode_command,
    encode_description,
    encode_event,
    is_expired,
    parse,
    parse_command,
)
from devices.mqtt.topics import Address, DeviceId, filters, split

DOOR = Address("embassy", DeviceId("door-1"))
ID = DOOR.device
CARD = {"boot": "b1", "seq": 7, "ts": 1_790_000_000_000, "bits": 26, "raw": "02000080"}
UNLOCK = {"id": "c-1", "expires_at": 100, "action": "UNLOCK", "ms": 5000}


@pytest.mark.parametrize(
    ("channel", "payload", "value"),
    [
        ("$state", b"init", DeviceState(ID, Lifecycle.INIT)),
        ("$state", b"lost", DeviceState(ID, Lifecycle.LOST)),
        ("$description", encode_description("b1", "M", ("lock",)), Description(ID, 1, "M", ("lock",), "b1")),
        ("state/lock", b"JAMMED", LockState(ID, LockWord.JAMMED)),
        ("state/door", b"OPEN", DoorState(ID, DoorWord.OPEN)),
        ("state/tamper", b"TAMPERED", Tamper(ID, TamperWord.TAMPERED)),
        ("state/power", b"BATTERY", Power(ID, PowerWord.BATTERY)),
        ("state/loop", b"OCCUPIED", LoopState(ID, LoopWord.OCCUPIED)),
        ("state/key", b"TURNED", KeyState(ID, KeyWord.TURNED)),
        (
            "event/rotation",
            encode_event("b1", 7, 9, direction="OUT"),
            RotationEvent(ID, "b1", 7, 9, DirectionWord.OUT),
        ),
        ("event/card", encode_card("b1", 7, 9, 26, b"\x02\0\0\x80"), CardEvent(ID, "b1", 7, 9, 26, b"\x02\0\0\x80")),
        ("event/key", encode_event("b1", 7, 9, digits="12*#"), KeyEvent(ID, "b1", 7, 9, "12*#")),
        ("event/rex", encode_event("b1", 7, 9), RexEvent(ID, "b1", 7, 9)),
        (
            "event/input",
            encode_event("b1", 7, 9, input="pir", state="SHORTED"),
            InputEvent(ID, "b1", 7, 9, "pir", InputWord.SHORTED),
        ),
        ("ack/c-1", encode_ack("c-1", AckResult.JAMMED), Ack(ID, "c-1", AckResult.JAMMED)),
    ],
)
def test_what_a_device_says_becomes_a_value(channel, payload, value):
    assert parse(DOOR.topic(channel), payload, retained=False) == value


@pytest.mark.parametrize(
    ("channel", "payload", "place"),
    [
        ("$state", b"alive", "payload"),
        ("$state", b"", "payload"),
        ("state/lock", b"locked", "payload"),
        ("state/lock", b"\xff", "payload"),
        ("state/light", b"ON", "topic"),
        ("state", b"ON", "topic"),
        ("$state/more", b"init", "topic"),
        ("cmd/lock", json.dumps(UNLOCK).encode(), "topic"),
        ("event/smell", b"{}", "topic"),
        ("event/rotation", encode_event("b1", 7, 9, direction="UP"), "direction"),
        ("event/rotation", encode_event("b1", 7, 9), "direction"),
        ("state/loop", b"BUSY", "payload"),
        ("event/card", b"", "payload"),
        ("event/card", b"[1]", "payload"),
        ("event/card", b"{", "payload"),
        ("event/card", b"[" * MAX_PAYLOAD, "payload"),
        ("event/card", b" " * (MAX_PAYLOAD + 1), "payload"),
        ("ack/c-2", encode_ack("c-1", AckResult.OK), "id"),
        ("ack/c-1", b'{"id":"c-1","result":"fine"}', "result"),
        ("$description", b'{"schema":"2","model":"M","capabilities":[],"boot":"b"}', "schema"),
        ("$description", b'{"schema":0,"model":"M","capabilities":[],"boot":"b"}', "schema"),
        ("$description", b'{"schema":1,"model":"M","capabilities":[1],"boot":"b"}', "capabilities"),
        (
            "$description",
            json.dumps({"schema": 1, "model": "M", "capabilities": ["x"] * 33, "boot": "b"}),
            "capabilities",
        ),
    ],
)
def test_a_bad_message_is_refused_with_its_place(channel, payload, place):
    refused = parse(DOOR.topic(channel), payload.encode() if isinstance(payload, str) else payload, retained=False)
    assert isinstance(refused, Malformed)
    assert refused.why.startswith(f"{place}:")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("boot", None),
        ("boot", ""),
        ("boot", "a b"),
        ("boot", 7),
        ("seq", 0),
        ("seq", True),
        ("seq", 1.0),
        ("seq", 2**53),
        ("ts", -1),
        ("ts", "1"),
        ("bits", 0),
        ("bits", 257),
        ("raw", "0200008"),
        ("raw", "zz"),
        ("raw", "020000"),
        ("raw", "0200008000"),
        ("raw", "020000bf"),
    ],
)
def test_one_bad_field_of_a_card_is_named(key, value):
    refused = parse(DOOR.topic("event/card"), json.dumps(CARD | {key: value}).encode(), retained=False)
    assert isinstance(refused, Malformed)
    assert refused.why.startswith(f"{key}:")


def test_a_newer_device_may_say_more():
    payload = json.dumps(CARD | {"rssi": -40}).encode()
    assert isinstance(parse(DOOR.topic("event/card"), payload, retained=False), CardEvent)


@pytest.mark.parametrize("channel", ["event/card", "event/key", "ack/c-1"])
def test_retained_events_and_acks_are_refused(channel):
    refused = parse(DOOR.topic(channel), json.dumps(CARD).encode(), retained=True)
    assert isinstance(refused, Malformed)
    assert refused.why.startswith("retained:")


def test_states_may_be_retained():
    assert parse(DOOR.topic("state/door"), b"OPEN", retained=True) == DoorState(ID, DoorWord.OPEN)


def test_no_refusal_repeats_a_pin():
    payload = b'{"boot":"b","seq":1,"ts":1,"digits":"1234567 "}'
    assert "1234567" not in repr(parse(DOOR.topic("event/key"), payload, retained=False))
    assert "1234567" not in repr(parse(DOOR.topic("event/key"), payload[:-1], retained=False))


topics = st.one_of(
    st.text(),
    st.sampled_from(["$state", "$description", "state/lock", "event/card", "event/key", "ack/c-1", "cmd/lock"]).map(
        DOOR.topic
    ),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(
    st.sampled_from(["boot", "seq", "ts", "bits", "raw", "digits", "id", "result", "action", "expires_at", "schema"]),
    json_values,
).map(lambda value: json.dumps(value).encode())


@given(topics, st.binary() | objects, st.booleans())
def test_no_bytes_make_an_exception(topic, payload, retained):
    parse(topic, payload, retained)
    parse_command(topic, payload, retained)


@given(st.integers(1, 256), st.data())
def test_any_card_survives_the_wire_bit_for_bit(bit_count, data):
    size = -(-bit_count // 8)
    bits = data.draw(st.integers(0, 2**bit_count - 1))
    raw = (bits << (8 * size - bit_count)).to_bytes(size)
    assert parse(DOOR.topic("event/card"), encode_card("b", 1, 2, bit_count, raw), retained=False) == CardEvent(
        ID, "b", 1, 2, bit_count, raw
    )


@pytest.mark.parametrize(
    "command",
    [
        LockCommand("c-1", 100, LockAction.UNLOCK, 5000),
        LockCommand("c-1", 100, LockAction.LOCK),
        ReaderCommand("c-1", 100, ReaderSignal.ENTER_PIN),
    ],
)
def test_commands_reach_the_device_as_they_were_meant(command):
    topic, payload = encode_command(DOOR, command)
    assert parse_command(topic, payload, retained=False) == command


def test_the_lock_command_on_the_wire_is_the_contracts():
    topic, payload = encode_command(DOOR, LockCommand("c-1", 100, LockAction.UNLOCK, 5000))
    assert topic == "ostiary/v1/embassy/door-1/cmd/lock"
    assert orjson.loads(payload) == UNLOCK


@pytest.mark.parametrize(
    "command",
    [
        LockCommand("c 1", 100, LockAction.UNLOCK, 5000),
        LockCommand("c-1", 100, LockAction.UNLOCK),
        LockCommand("c-1", 100, LockAction.LOCK, 5000),
        LockCommand("c-1", -1, LockAction.LOCK),
    ],
)
def test_a_command_that_breaks_the_contract_is_our_bug(command):
    with pytest.raises(ValueError, match="command"):
        encode_command(DOOR, command)


@pytest.mark.parametrize(
    ("changed", "retained", "place", "command_id"),
    [
        ({}, True, "retained", "c-1"),
        ({"action": "OPEN"}, False, "action", "c-1"),
        ({"ms": 0}, False, "ms", "c-1"),
        ({"expires_at": None}, False, "expires_at", "c-1"),
        ({"id": None}, False, "id", None),
    ],
)
def test_a_refused_command_can_be_answered_where_its_id_is_readable(changed, retained, place, command_id):
    refused = parse_command(DOOR.topic("cmd/lock"), json.dumps(UNLOCK | changed).encode(), retained)
    assert isinstance(refused, Malformed)
    assert refused.why.startswith(f"{place}:")
    assert refused.command_id == command_id


@pytest.mark.parametrize(("now", "expired"), [(99, False), (100, True), (101, True)])
def test_a_command_is_worthless_from_its_expiry_on(now, expired):
    assert is_expired(ReaderCommand("c-1", 100, ReaderSignal.GRANTED), now) is expired


@pytest.mark.parametrize(
    "topic",
    [
        "ostiary/v2/embassy/door-1/$state",
        "other/v1/embassy/door-1/$state",
        "ostiary/v1/embassy/door-1",
        "ostiary/v1/embassy//$state",
        "ostiary/v1/embassy/door-1/event/card/more",
        "ostiary/v1/embassy/door-1/event/",
        "ostiary/v1/embassy/+/event/card",
        "ostiary/v1/embassy/" + "d" * 300 + "/$state",
    ],
)
def test_topics_outside_the_contract_are_none_of_ours(topic):
    assert split(topic) is None


@pytest.mark.parametrize("name", ["", "a/b", "a+", "#", "a b", "-a", "a\n", "ä", "x" * 65])
def test_a_device_name_that_could_widen_a_filter_is_refused(name):
    with pytest.raises(ValueError, match="device"):
        Address("embassy", DeviceId(name))


def test_the_box_never_subscribes_to_its_own_commands():
    assert not [topic for topic in filters("embassy") if "cmd" in topic or topic.endswith("#")]


@pytest.mark.parametrize("said", [b'{"schema":2,"colour":[]}', b'{"schema":9007199254740991}'])
def test_another_contract_is_told_apart_whatever_else_it_says(said):
    told = parse(DOOR.topic("$description"), said, retained=True)
    assert isinstance(told, OtherContract)
    assert told.device == DOOR.device
    assert told.schema > 1
