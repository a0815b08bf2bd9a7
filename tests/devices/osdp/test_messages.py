import pytest

from devices.osdp import commands as cmd
from devices.osdp import replies as rep
from devices.osdp.errors import MessageError

# Payloads as the standard's tables and OSDP.Net's vectors spell them.
COMMANDS = [
    (cmd.Poll(), 0x60, ""),
    (cmd.IdentityRequest(), 0x61, "00"),
    (cmd.CapabilitiesRequest(), 0x62, "00"),
    (cmd.LocalStatusRequest(), 0x64, ""),
    (cmd.InputStatusRequest(), 0x65, ""),
    (cmd.OutputStatusRequest(), 0x66, ""),
    (cmd.ReaderStatusRequest(), 0x67, ""),
    (
        cmd.Output(
            (
                cmd.OutputRecord(0, cmd.OutputControl.OFF_AFTER_TIMER, 100),
                cmd.OutputRecord(1, cmd.OutputControl.TIMED_OFF, 120),
            )
        ),
        0x68,
        "0003640001067800",
    ),
    (cmd.Output((cmd.OutputRecord(7, cmd.OutputControl.TIMED_ON, 0x1234),)), 0x68, "07053412"),
    (
        cmd.Led(
            (
                cmd.LedRecord(
                    1,
                    2,
                    cmd.LedTemporary(cmd.TemporaryLed.SET, 3, 4, cmd.Color.RED, cmd.Color.BLACK, 0x0506),
                    cmd.LedPermanent(cmd.PermanentLed.SET, 7, 8, cmd.Color.GREEN, cmd.Color.BLUE),
                ),
            )
        ),
        0x69,
        "0102" + "02030401000605" + "0107080204",
    ),
    (cmd.Buzzer(0, cmd.Tone.DEFAULT, 2, 2, 1), 0x6A, "0002020201"),
    (cmd.Text(0, cmd.TextStyle.TEMPORARY, 5, 1, 2, b"ENTRER"), 0x6B, "000305010206" + b"ENTRER".hex()),
    (cmd.Manufacturer(b"\x5c\x26\x23", b"\x0a\x0b"), 0x80, "5c26230a0b"),
    (cmd.CommunicationSet(1, 9600), 0x6E, "0180250000"),
    (cmd.KeySet(bytes(range(16))), 0x75, "0110" + bytes(range(16)).hex()),
    (cmd.Challenge(bytes(8)), 0x76, "00" * 8),
    (cmd.ServerCryptogram(bytes(16)), 0x77, "00" * 16),
]
REPLIES = [
    (rep.Ack(), 0x40, ""),
    (rep.Nak(6), 0x41, "06"),
    (
        rep.Identity(b"\x00\x0e\xe3", 16, 16, 0x97740000, (0x23, 6, 6)),
        0x45,
        "000ee310100000749 7230606".replace(" ", ""),
    ),
    (rep.Capabilities((rep.Capability(1, 3, 4), rep.Capability(9, 1, 0))), 0x46, "010304090100"),
    (rep.LocalStatus(tamper=True, power_failed=False), 0x48, "0100"),
    (rep.InputStatus((0, 1, 2)), 0x49, "000102"),
    (rep.OutputStatus((1, 0)), 0x4A, "0100"),
    (rep.ReaderStatus((0,)), 0x4B, "00"),
    (rep.RawCard(0, 1, 26, b"\x12\x34\x56\x40"), 0x50, "00011a0012345640"),
    (rep.FormattedCard(0, 0, b"123"), 0x51, "000003313233"),
    (rep.Keypad(0, b"12\x0d"), 0x53, "000331320d"),
    (rep.CommunicationReport(1, 9600), 0x54, "0180250000"),
    (rep.ClientCryptogram(b"c" * 8, b"r" * 8, b"k" * 16), 0x76, "63" * 8 + "72" * 8 + "6b" * 16),
    (rep.InitialMac(bytes(16)), 0x78, "00" * 16),
    (rep.Busy(), 0x79, ""),
    (rep.ManufacturerReply(b"\x5c\x26\x23", b""), 0x90, "5c2623"),
]


@pytest.mark.parametrize(("command", "code", "payload"), COMMANDS)
def test_commands_on_the_wire(command, code, payload):
    assert (command.code, command.payload().hex()) == (code, payload)
    assert cmd.parse_command(code, bytes.fromhex(payload)) == command


@pytest.mark.parametrize(("reply", "code", "payload"), REPLIES)
def test_replies_on_the_wire(reply, code, payload):
    assert (reply.code, reply.payload().hex()) == (code, payload)
    assert rep.parse_reply(code, bytes.fromhex(payload)) == reply


@pytest.mark.parametrize(
    ("code", "payload"),
    [
        (0x68, ""),
        (0x68, "000564"),
        (0x68, "00096400"),
        (0x69, "00" * 13),
        (0x69, "0000" + "03" + "00" * 11),
        (0x6A, "00020202"),
        (0x6B, "00030501020341"),
        (0x6B, "000005010200"),
        (0x80, "5c26"),
        (0x75, "0010" + "00" * 16),
        (0x76, "00" * 7),
        (0x99, ""),
    ],
)
def test_commands_that_make_no_sense(code, payload):
    with pytest.raises(MessageError):
        cmd.parse_command(code, bytes.fromhex(payload))


@pytest.mark.parametrize(
    ("code", "payload"),
    [
        (0x41, ""),
        (0x45, "00" * 11),
        (0x46, "0101"),
        (0x48, "00"),
        (0x50, "000100001234"),
        (0x50, "00011a00123456"),
        (0x50, "00011a001234564000"),
        (0x51, "00000431"),
        (0x53, "000331"),
        (0x90, "5c26"),
        (0x76, "00" * 31),
        (0x99, ""),
    ],
)
def test_replies_that_make_no_sense(code, payload):
    with pytest.raises(MessageError):
        rep.parse_reply(code, bytes.fromhex(payload))


def test_secrets_do_not_show_themselves():
    assert "key" not in repr(cmd.KeySet(b"1" * 16)).partition("KeySet")[2]
    assert "keys" not in repr(rep.Keypad(0, b"1234"))
